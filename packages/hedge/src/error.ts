/** Why a copy was aborted that lost: the `reason` of its signal. Nobody's call rejects with it. */
export class HedgeLostError extends Error {
  override readonly name = 'HedgeLostError'
  readonly retryable = false
}
