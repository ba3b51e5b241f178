import { clock, type Operation, type Plugin } from '@backon/core'
import { announce, atLeastZero, checkTarget, type Level, type Levelled } from '@backon/core/kit'
import { count } from './check.ts'
import type { CircuitHooks } from './hooks.ts'
import { type Circuit, type CircuitState, close, initial, open, type Ticket } from './machine.ts'
import { type CircuitBreakerOptions, type CircuitSnapshot, complete, type Completed } from './options.ts'
import type { Line } from './probes.ts'
import { run } from './run.ts'
import { become, look, retryAfter } from './transitions.ts'
import type { Tally } from './trip.ts'

/** From best to worst. */
const severities = ['closed', 'half-open', 'open', 'isolated']

/**
 * Stops calling what keeps failing: after enough failures calls are refused at once with a `CircuitOpenError`, until a probe
 * has shown that all is well again. A plugin, `use: [breaker]`, in which each attempt counts; or alone, `breaker.call(fn)`.
 * One breaker serves many functions and concurrent calls. It has no timers: what time brings about is seen at the next call.
 * Throws for an unusable option.
 *
 * @example
 * const breaker = new CircuitBreaker({ name: 'users', failureThreshold: 3, recoveryTimeout: 30_000 })
 * await retry(load, { use: [breaker] })
 * await breaker.call(fetchUser, 7)
 */
export class CircuitBreaker implements Plugin, Levelled {
  /** Stands in errors, events and metrics; `''` when it has none. */
  declare readonly name: string
  /** Whether it never asks for the time of a call: so it is by default, not with `isFailure` or a `trip` that is `timed`. */
  declare readonly timeless: boolean
  /** @internal */
  declare readonly _options: Completed
  /** @internal */
  declare _tally: Tally
  /** @internal */
  declare _circuit: Circuit
  /** @internal */
  declare _cause: unknown
  /** @internal */
  declare _said: number
  /** @internal */
  declare _line: Line
  /** @internal */
  declare _inside: Ticket | undefined
  /** @internal */
  declare _watchers: readonly CircuitHooks[]

  constructor(options: CircuitBreakerOptions = {}) {
    const completed = complete(options)
    const { name, trip, isFailure, state, recoveryTimeout: own } = completed
    this._options = completed
    this._watchers = [completed.hooks]
    this.name = name
    this._tally = trip()
    this.timeless = !(this._tally.timed || isFailure)
    this._circuit = initial
    this._line = {}
    this._said = 0
    if (state?.openings) {
      const openings = count('state.openings', state.openings)
      const recovery = atLeastZero('state.recoveryTimeout', state.recoveryTimeout ?? Infinity)
      // Only the wall clock survives a restart. Set back meanwhile, it must not lengthen the time.
      const opened = clock().now() + Math.min(0, state.openedAt - Date.now() || 0)
      this._circuit = open({ ...initial, _openings: openings - 1 }, opened, recovery, typeof own === 'number' ? Math.min(own, recovery) : recovery)
    }
    announce(this)
  }

  /** `'closed'`, `'open'` or `'half-open'`. Reading it changes nothing: an open one stays open until a call comes as its probe. */
  get state(): CircuitState {
    return look(this)._state
  }

  /** The failures that count towards opening, or that opened it. */
  get failureCount(): number {
    return this._tally.failures(clock().now())
  }

  /** Ms until a probe is allowed, 0 if it is now. While all probes are out: how long they may take at most. Isolated: `Infinity`. */
  get retryAfter(): number {
    return retryAfter(this)
  }

  /** The plugin: counts each attempt, refuses it while the circuit is open. */
  wrap<T>(next: Operation<T>): Operation<T> {
    return (attempt) => run(this, next, [], attempt)
  }

  /**
   * Calls `fn(...args)` unless the circuit is open: then it rejects at once with a `CircuitOpenError`, and `fn` is not called.
   *
   * @example
   * const user = await breaker.call(fetchUser, 7)
   */
  call<Args extends unknown[], T>(fn: (...args: Args) => T | PromiseLike<T>, ...args: Args): Promise<T> {
    try {
      checkTarget(fn, 'fn')
      return Promise.resolve(run(this, fn, args))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Calls `fn(...args)` and returns what it returns; throws a `CircuitOpenError` while the circuit is open.
   *
   * @example
   * const config = breaker.callSync(readConfig, 'main')
   */
  callSync<Args extends unknown[], T>(fn: (...args: Args) => T, ...args: Args): T {
    checkTarget(fn, 'fn')
    return run(this, fn, args)
  }

  /**
   * Opens it by hand, until `reset()`.
   *
   * @example
   * payments.isolate() // maintenance: every call is refused
   */
  isolate(): void {
    become(this, open(this._circuit, clock().now(), Infinity, this._circuit._base))
  }

  /**
   * Closes it by hand, as if fresh: calls still running do not count.
   *
   * @example
   * payments.reset()
   */
  reset(): void {
    become(this, close(this._circuit))
  }

  /** Where it stands, for whoever shows levels: `isolated` when it is open until `reset()`. Severity 0 is closed, 1 half-open, 2 open, 3 isolated. */
  level(): Level {
    const { _state, _recovery } = look(this)
    const state = _state === 'open' && _recovery === Infinity ? 'isolated' : _state
    return { kind: 'circuit', name: this.name, state, severity: severities.indexOf(state), values: { failures: this.failureCount } }
  }

  /** What a breaker made after a restart needs to know (option `state`): how long it stays open. */
  toJSON(): CircuitSnapshot {
    const { _state, _openings, _opened, _recovery } = look(this)
    return { state: _state, openings: _openings, openedAt: Date.now() - clock().now() + _opened, recoveryTimeout: _recovery }
  }
}
