import { type Options, Retrying } from '@backon/core'
import { type HedgeOptions, hedging } from './hedging.ts'

export interface HedgingRetryingOptions<T = any> extends Options<T> {
  /** How each attempt is hedged. `wait` in here is between copies, `wait` beside it between attempts. */
  hedge?: HedgeOptions<T> | undefined
}

/** A `Retrying` whose attempts are hedged: next to the operation, inside the plugins of `use`. */
export class HedgingRetrying<T = any> extends Retrying<T> {
  readonly #options: HedgingRetryingOptions<T>

  /** Throws a TypeError or RangeError for unusable options. */
  constructor(options: HedgingRetryingOptions<T> = {}) {
    const { hedge = {}, ...others } = options
    super({ ...others, use: [...(others.use ?? []), hedging(hedge)] })
    this.#options = options
  }

  /** A new policy with some options replaced, and numbers and an allowance of its own. */
  override copy(overrides?: HedgingRetryingOptions<T>): HedgingRetrying<T> {
    return new HedgingRetrying<T>({ ...this.#options, ...overrides })
  }
}
