import type { CircuitBreaker } from '@backon/breaker'
import type { Attempt, Plugin, Undo } from '@backon/core'
import { isThenable, undo } from '@backon/core/kit'
import { link } from './link.ts'
import { complete, type ShareOptions } from './options.ts'
import { within } from './within.ts'

/**
 * Whether an act by hand is for this process, or for all.
 *
 * @example
 * await users.isolate({ everywhere: true })
 */
export interface Everywhere {
  /** `true`: for all processes that share the circuit. Default `false`: for this one. */
  readonly everywhere?: boolean | undefined
}

/**
 * A breaker that speaks with those of other processes: a plugin, or alone with `call`.
 *
 * @example
 * const users: SharedBreaker = shareBreaker(new CircuitBreaker(), { client, key: 'users' })
 * console.log(users.breaker.state)
 */
export interface SharedBreaker extends Plugin {
  /** The breaker inside: its `state`, `retryAfter` and the rest. Who calls through it alone probes without asking the others. */
  readonly breaker: CircuitBreaker
  /** As its breaker: whether it never asks for the time of a call. */
  readonly timeless: boolean
  /** The plugin: counts each attempt, refuses it while the circuit is open; a probe asks the others first. */
  wrap: NonNullable<Plugin['wrap']>
  /** As `breaker.call`: calls `fn(...args)`, or rejects with a `CircuitOpenError`. A probe asks the others first. */
  call<Args extends unknown[], T>(fn: (...args: Args) => T | PromiseLike<T>, ...args: Args): Promise<T>
  /** As `breaker.callSync`. It cannot wait for the store: a probe is decided here. */
  callSync<Args extends unknown[], T>(fn: (...args: Args) => T, ...args: Args): T
  /** Opens it by hand until `reset()`. Everywhere: resolves with whether the store knows; where not, it is told at the next contact. */
  isolate(options?: Everywhere): Promise<boolean>
  /** Closes it by hand. Everywhere: also where it was isolated everywhere; resolves with whether the store knows, as `isolate` does. */
  reset(options?: Everywhere): Promise<boolean>
  /** Ends the sharing: the breaker goes on alone. Disposable. */
  readonly leave: Undo
}

/**
 * Shares a circuit with other processes through Redis or Valkey: each counts for itself, what is told is that one has opened or closed it. Calls of a
 * closed circuit never wait; of an open one that is ripe, one probe goes over all processes. Without the store the breaker decides alone. Throws for an unusable option.
 *
 * @example
 * const users = shareBreaker(new CircuitBreaker({ name: 'users' }), { client, key: 'users' })
 * await retry(load, { use: [users] })
 * await users.call(load)
 */
export const shareBreaker = (breaker: CircuitBreaker, options: ShareOptions): SharedBreaker => {
  const settings = complete(options)
  const { _isDue, _needsLease, _askForLease, _contact, _order, _leave } = link(breaker, settings)
  let isFirst = settings.firstPeek > 0
  let opening: Promise<unknown> | undefined

  /** What a call that may wait has to wait for. */
  const gate = (): Promise<unknown> | undefined => {
    if (isFirst) return (opening ??= within(settings.firstPeek, _contact()).then(() => ((isFirst = false), gate())))
    return _needsLease() ? _askForLease() : undefined
  }

  /** Makes a call, and after it asks how the others stand, where that is due. */
  const make = (call: (attempt: any) => any, attempt?: Attempt): any => {
    if (!_isDue()) return call(attempt)
    const peek = (): void => {
      if (_isDue()) void _contact()
    }
    let result: unknown
    try {
      result = call(attempt)
    } catch (error) {
      peek()
      throw error
    }
    if (isThenable(result)) void result.then(peek, peek)
    else peek()
    return result
  }

  const pass = (call: (attempt: any) => any, attempt?: Attempt): any => {
    const wait = attempt?.sync ? undefined : gate()
    if (!wait) return make(call, attempt)
    return wait.then(() => {
      if (attempt?.aborted) throw attempt.reason
      return make(call, attempt)
    })
  }

  return {
    breaker,
    timeless: breaker.timeless,
    wrap(next) {
      const inner = breaker.wrap(next)
      return (attempt) => pass(inner, attempt)
    },
    call: (fn, ...args) => pass(() => breaker.call(fn, ...args)),
    callSync: (fn, ...args) => make(() => breaker.callSync(fn, ...args)),
    isolate: ({ everywhere } = {}) => _order('o', everywhere),
    reset: ({ everywhere } = {}) => _order('c', everywhere),
    leave: undo(_leave),
  }
}
