import { Keyed, optionsOf, withdraw } from '@backon/core/kit'
import { CircuitBreaker } from './breaker.ts'
import { count, positive } from './check.ts'
import type { CircuitBreakerOptions } from './options.ts'

/**
 * How many breakers are kept, and for how long.
 *
 * @example
 * new CircuitBreakers({}, { max: 100, idleFor: 600_000 })
 */
export interface CircuitBreakersOptions {
  /**
   * How many breakers are kept: an integer of 1 or more, or `Infinity`. One more drops the one not asked for for the longest time; one that
   * refuses calls goes last, and only when all do. Default 1,000.
   */
  max?: number | undefined
  /** Drops a breaker that nobody has asked for so many ms, unless it still refuses calls. Default `Infinity`. */
  idleFor?: number | undefined
}

/**
 * Keeps one breaker a key, such as a host: made by the same options when first asked for, named after its key.
 * `get(key)`, `delete(key)`, `size`, and each `[key, breaker]` in a loop. One that is dropped has no level any more; calls through it go on.
 *
 * @example
 * const hosts = new CircuitBreakers({ failureThreshold: 5 }, { max: 1_000, idleFor: 600_000 })
 * await retry(load, { use: [hosts.get(url.host)] })
 */
export class CircuitBreakers extends Keyed<CircuitBreaker> {
  /** `options` may be a function of the key. Throws for an unusable option; `name` is the key unless a function gives another. */
  constructor(
    options: Omit<CircuitBreakerOptions, 'state'> | ((key: string) => CircuitBreakerOptions) = {},
    registry: CircuitBreakersOptions = {},
  ) {
    const { max = 1_000, idleFor = Infinity } = optionsOf('CircuitBreakers', registry, ['max', 'idleFor'])
    const of = (key: string): CircuitBreaker => new CircuitBreaker(typeof options === 'function' ? { name: key, ...options(key) } : { ...options, name: key })
    super(of, {
      max: count('max', max),
      idleFor: positive('idleFor', idleFor),
      // One that refuses calls would be forgotten with the reason it has.
      holds: ({ retryAfter }) => retryAfter > 0,
      dropped: withdraw,
    })
    // What is unusable fails now. It is nobody's breaker.
    if (typeof options !== 'function') withdraw(of(''))
  }
}
