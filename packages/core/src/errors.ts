/** Thrown by an operation to ask for another attempt, whatever the condition says; stops still apply. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain'
}

/** Never retried, unless a `condition` says so. */
export class NonRetryableError extends Error {
  override readonly name: string = 'NonRetryableError'
  readonly retryable = false
}

/** The time given has passed. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  constructor(message = 'timed out', options?: ErrorOptions) {
    super(message, options)
  }
}
