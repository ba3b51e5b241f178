import { type Options, Retrying } from '@backon/core'
import { copyOf, optionNames, optionsOf } from '@backon/core/kit'
import { hedging } from './hedging.ts'
import type { HedgeOptions } from './options.ts'

/** How to retry, and how to hedge each attempt. */
export interface HedgingRetryingOptions<T = any> extends Options<T> {
  /** How each attempt is hedged. `wait` in here is between copies, `wait` beside it between attempts. Default: as `hedging()`. */
  hedge?: HedgeOptions<T> | undefined
}

/**
 * A `Retrying` whose attempts are hedged: next to the operation, inside the plugins of `use`.
 *
 * @example
 * const policy = new HedgingRetrying({ hedge: { wait: 100 }, maxTries: 3 })
 * const user = await policy.run(({ signal }) => loadUser(7, signal))
 */
export class HedgingRetrying<T = any> extends Retrying<T> {
  readonly #options: HedgingRetryingOptions<T>

  /** Throws a TypeError or RangeError for unusable options. */
  constructor(options: HedgingRetryingOptions<T> = {}) {
    const { hedge } = optionsOf('HedgingRetrying', options, ['hedge', ...optionNames])
    super({ ...copyOf(options), use: [...(options.use ?? []), hedging(hedge)] })
    this.#options = options
  }

  /** A new policy with some options replaced, and numbers and an allowance of its own; an explicit `undefined` replaces nothing. */
  override copy(overrides: HedgingRetryingOptions<T> = {}): HedgingRetrying<T> {
    const hedge = overrides.hedge ?? this.#options.hedge
    return new HedgingRetrying<T>({ ...copyOf(this.#options), enabled: this.enabled, ...copyOf(overrides), hedge })
  }
}
