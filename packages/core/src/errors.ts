/**
 * Thrown by an operation to ask for another attempt, whatever the condition says; stops still apply.
 *
 * @example
 * retry(async () => (await poll()) ?? Promise.reject(new TryAgain()))
 */
export class TryAgain extends Error {
  override readonly name = 'TryAgain'
}

/**
 * Never retried, unless a `condition` says so: for a failure that another attempt cannot mend.
 *
 * @example
 * retry(async () => {
 *   if (!(await authorized())) throw new NonRetryableError('not allowed')
 *   return load()
 * })
 */
export class NonRetryableError extends Error {
  override readonly name: string = 'NonRetryableError'
  /** By this a retry knows it, whoever made it. */
  readonly retryable = false
}

/**
 * The time given has passed: of one attempt (`timeout`) or of the whole call (`maxTime`). `instanceof TimeoutError` is also true of any object
 * whose `name` is `'TimeoutError'`: the platform's own (`AbortSignal.timeout`) and one from another copy of this package.
 *
 * @example
 * retry(load, { exception: TimeoutError, use: [timeout(1_000)] })
 */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  constructor(message = 'timed out', options?: ErrorOptions) {
    // `{ cause: undefined }` would leave an own `cause` that there is none of.
    super(message, options?.cause === undefined ? undefined : options)
  }
  static override [Symbol.hasInstance](value: any): boolean {
    try {
      // A subclass inherits this, and means itself alone.
      return super[Symbol.hasInstance](value) || (this === TimeoutError && typeof value === 'object' && value?.name === 'TimeoutError')
    } catch {
      return false
    }
  }
}
