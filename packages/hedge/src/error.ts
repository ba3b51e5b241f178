/**
 * Why a copy was aborted that lost: the `reason` of its signal. An AbortError by name, so that whoever counts failures (a breaker,
 * a log) sees a cancellation; `lost` says whose. No call rejects with it.
 *
 * @example
 * signal.addEventListener('abort', () => signal.reason.lost && console.log('another copy was faster'))
 */
export class HedgeLostError extends Error {
  override readonly name = 'AbortError'
  /** True here alone: an error with it is that of a copy that was no longer needed. */
  readonly lost = true
  readonly retryable = false
}
