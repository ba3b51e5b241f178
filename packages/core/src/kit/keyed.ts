import { clock } from '../time/clock.ts'

export interface KeyedOptions<Value> {
  /** How many are kept; one more drops the one that was not asked for for the longest time. An integer of 1 or more, or `Infinity`. */
  readonly max: number
  /** Drops one that nobody has asked for so many ms. */
  readonly idleFor: number
  /** One that is still of use is not dropped for being idle, and goes last when there are too many. Default: none is. */
  readonly holds?: ((value: Value) => boolean) | undefined
  /** Told of each one that is dropped or deleted: to `withdraw` its level, say. */
  readonly dropped?: ((value: Value) => void) | undefined
}

/** One value a key, made when it is first asked for, and a bounded number of them: a registry of breakers, limits or budgets. */
export class Keyed<Value> implements Iterable<[string, Value]> {
  /** @internal The least recently used first. */
  readonly _entries = new Map<string, { readonly _value: Value; readonly _used: number }>()
  /** @internal */
  readonly _make: (key: string) => Value
  /** @internal */
  readonly _options: KeyedOptions<Value>

  constructor(make: (key: string) => Value, options: KeyedOptions<Value>) {
    this._make = make
    this._options = options
  }

  /** How many are kept. */
  get size(): number {
    return this._entries.size
  }

  /** Gives the value of this key, makes it if need be, and drops those that have had their time. */
  get(key: string): Value {
    const { max, idleFor, holds } = this._options
    const now = clock().now()
    const value = this._entries.has(key) ? this._entries.get(key)!._value : this._make(key)
    this._use(key, value, now)
    // One that is of use counts as used just now, so each is looked at once at most.
    for (let looks = this.size; looks-- > 1; ) {
      const first = this._entries.entries().next().value
      if (!first) break
      const [oldest, entry] = first
      // Used at a time to come: the clock has gone back, and nobody knows how long ago that was.
      if (this.size <= max && Math.abs(now - entry._used) < idleFor) break
      const isOfUse = oldest === key || holds?.(entry._value)
      // Who was asked may have deleted it, or used it.
      if (this._entries.get(oldest) !== entry) continue
      if (isOfUse) this._use(oldest, entry._value, now)
      else this.delete(oldest)
    }
    for (const oldest of this._entries.keys()) {
      if (this.size <= max) break
      if (oldest !== key) this.delete(oldest)
    }
    return value
  }

  /** Forgets the value of this key; the next `get` makes a new one. Says whether there was one. */
  delete(key: string): boolean {
    const entry = this._entries.get(key)
    const had = this._entries.delete(key)
    if (entry) this._options.dropped?.(entry._value)
    return had
  }

  /** Each key with its value, the least recently used first. */
  *[Symbol.iterator](): IterableIterator<[string, Value]> {
    for (const [key, { _value }] of this._entries) yield [key, _value]
  }

  /** @internal */
  _use(key: string, value: Value, now: number): void {
    this._entries.delete(key)
    this._entries.set(key, { _value: value, _used: now })
  }
}
