import { type Options, Retrying } from '@backon/core'
import { copyOf, invalid, optionNames, optionsOf } from '@backon/core/kit'
import { CircuitBreaker } from './breaker.ts'
import type { CircuitBreakerOptions } from './options.ts'

/**
 * How to retry, and the breaker around each attempt.
 *
 * @example
 * const options: BreakerRetryingOptions = { maxTries: 3, breaker: { failureThreshold: 5 } }
 */
export interface BreakerRetryingOptions<T = any> extends Options<T> {
  /** A breaker, which may be shared and of another copy of this package, or the options of a new one. Default `new CircuitBreaker()`. */
  breaker?: CircuitBreaker | CircuitBreakerOptions | undefined
}

/** A breaker of whatever copy: known by its shape. */
const isBreaker = (given: any): given is CircuitBreaker => typeof given?.wrap === 'function'

/**
 * A `Retrying` with a breaker around each attempt, outside the plugins of `use`: an open circuit ends the call at once with a
 * `CircuitOpenError`. Copies share the breaker unless given another. Throws for an unusable option.
 *
 * @example
 * const retrying = new BreakerRetrying({ wait: expo(), maxTries: 3, breaker: { failureThreshold: 5 } })
 * await retrying.call(fetchUser, 7)
 */
export class BreakerRetrying<T = any> extends Retrying<T> {
  /** The breaker of every attempt. */
  readonly breaker: CircuitBreaker
  readonly #options: BreakerRetryingOptions<T>

  constructor(options: BreakerRetryingOptions<T> = {}) {
    const { breaker: given } = optionsOf('BreakerRetrying', options, ['breaker', ...optionNames])
    if (typeof (given ?? {}) !== 'object') invalid('breaker', 'a CircuitBreaker or the options of one', given)
    const breaker = isBreaker(given) ? given : new CircuitBreaker(given)
    super({ ...copyOf(options), use: [breaker, ...(options.use ?? [])] })
    this.breaker = breaker
    this.#options = options
  }

  /** A new policy with some options replaced, and numbers of its own; an explicit `undefined` replaces nothing. It shares the breaker, unless given another. */
  override copy(overrides: BreakerRetryingOptions<T> = {}): BreakerRetrying<T> {
    const breaker = overrides.breaker ?? this.breaker
    return new BreakerRetrying<T>({ ...copyOf(this.#options), enabled: this.enabled, ...copyOf(overrides), breaker })
  }
}
