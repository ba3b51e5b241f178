import { type Options, Retrying } from '@backon/core'
import { CircuitBreaker, type CircuitBreakerOptions } from './breaker.ts'

export interface BreakerRetryingOptions<T = any> extends Options<T> {
  /** A breaker, which may be shared, or the options of a new one. Default `new CircuitBreaker()`. */
  breaker?: CircuitBreaker | CircuitBreakerOptions | undefined
}

/**
 * A `Retrying` with a breaker around each attempt, outside the plugins of `use`: an open circuit ends the call at once with a
 * `CircuitOpenError`. Copies share the breaker unless given another. Throws for an unusable option.
 */
export class BreakerRetrying<T = any> extends Retrying<T> {
  declare readonly breaker: CircuitBreaker
  /** @internal */
  declare readonly _given: BreakerRetryingOptions<T>

  constructor(options: BreakerRetryingOptions<T> = {}) {
    const { breaker: given, use = [], ...rest } = options
    const breaker = given instanceof CircuitBreaker ? given : new CircuitBreaker(given)
    super({ ...rest, use: [breaker, ...use] })
    this.breaker = breaker
    this._given = options
  }

  override copy(overrides: BreakerRetryingOptions<T> = {}): BreakerRetrying<T> {
    return new BreakerRetrying<T>({ ...this._given, ...overrides, breaker: overrides.breaker ?? this.breaker })
  }
}
