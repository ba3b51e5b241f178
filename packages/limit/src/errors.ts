/**
 * Refuses a call in place of its function: the limit is reached, and there is no place to wait, or no time. It may be retried as any
 * error; it says nothing about the service.
 *
 * @example
 * await retry(load, { use: [api], wait: retryAfter() }) // waits as long as the error says
 */
export class LimitError extends Error {
  override readonly name = 'LimitError'
  /** The call was not made. */
  readonly refused = true
  readonly refusedBy = 'limit'
  /** The name of the limit, `''` when it has none. */
  declare readonly limit: string
  /** Ms until the rate allows a call at the earliest; absent where nobody knows. */
  declare readonly retryAfter?: number

  constructor(limit: string, why: string, retryAfter?: number) {
    super(`limit "${limit}" ${why}`)
    this.limit = limit
    if (retryAfter !== undefined) this.retryAfter = retryAfter
  }
}

/**
 * Refuses a call in place of its function: the service has refused too many of the last ones. A retry does not fight it, as it
 * would only be asked again by the same dice.
 *
 * @example
 * await retry(load, { use: [users] }).catch((error) => error instanceof ThrottledError && stale)
 */
export class ThrottledError extends Error {
  override readonly name = 'ThrottledError'
  /** The call was not made. */
  readonly refused = true
  readonly refusedBy = 'throttle'
  readonly retryable = false
  /** The name of the throttle, `''` when it has none. */
  declare readonly throttle: string

  constructor(throttle: string, probability: number) {
    super(`throttle "${throttle}" refuses ${Math.round(probability * 100)} % of calls`)
    this.throttle = throttle
  }
}
