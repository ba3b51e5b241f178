import { clock } from '@backon/core'
import { CircuitBreaker, type CircuitBreakerOptions } from './breaker.ts'
import { numbers } from './check.ts'

export interface CircuitBreakersOptions {
  /** How many breakers are kept; one more drops the one not asked for for the longest time. Default 1,000. */
  max?: number | undefined
  /** Drops a breaker that nobody has asked for so many ms, unless it still refuses calls. Default `Infinity`. */
  idleFor?: number | undefined
}

/** Keeps one breaker a key, such as a host: made by the same options when first asked for, named after its key. */
export class CircuitBreakers {
  /** @internal The least recently used first. */
  readonly _entries = new Map<string, { readonly _breaker: CircuitBreaker; readonly _used: number }>()
  /** @internal */
  readonly _make: (key: string) => CircuitBreaker
  /** @internal */
  readonly _max: number
  /** @internal */
  readonly _idleFor: number

  /** `options` may be a function of the key. Throws for an unusable option; `name` is the key unless a function gives another. */
  constructor(
    options: Omit<CircuitBreakerOptions, 'state'> | ((key: string) => CircuitBreakerOptions) = {},
    limits: CircuitBreakersOptions = {},
  ) {
    const { max, idleFor } = numbers(limits, { max: 1_000, idleFor: Infinity })
    if (typeof options !== 'function') new CircuitBreaker(options)
    this._make = (key) => new CircuitBreaker({ name: key, ...(typeof options === 'function' ? options(key) : { ...options, name: key }) })
    this._max = max
    this._idleFor = idleFor
  }

  /** How many are kept. */
  get size(): number {
    return this._entries.size
  }

  /** Gives the breaker of this key, makes it if need be, and drops those that have had their time. */
  get(key: string): CircuitBreaker {
    const now = clock().now()
    const breaker = this._entries.get(key)?._breaker ?? this._make(key)
    this._use(key, breaker, now)
    for (const [oldest, { _breaker, _used }] of this._entries) {
      if (this.size > this._max) this._entries.delete(oldest)
      else if (now - _used < this._idleFor) break
      // One that refuses calls would be forgotten with the reason it has: it counts as used.
      else if (_breaker.retryAfter > 0) this._use(oldest, _breaker, now)
      else this._entries.delete(oldest)
    }
    return breaker
  }

  /** Forgets the breaker of this key: calls through it go on, the next `get` makes a new one. Says whether there was one. */
  delete(key: string): boolean {
    return this._entries.delete(key)
  }

  /** Each key with its breaker, the least recently used first. */
  *[Symbol.iterator](): IterableIterator<[string, CircuitBreaker]> {
    for (const [key, { _breaker }] of this._entries) yield [key, _breaker]
  }

  /** @internal */
  _use(key: string, breaker: CircuitBreaker, now: number): void {
    this._entries.delete(key)
    this._entries.set(key, { _breaker: breaker, _used: now })
  }
}
