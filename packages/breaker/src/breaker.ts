import { type Attempt, clock, type Details, emit, type Operation, type Plugin, TimeoutError, type Wait } from '@backon/core'
import { numbers } from './check.ts'
import { CircuitOpenError } from './error.ts'
import type { CircuitHooks } from './hooks.ts'
import { admit, type Circuit, type CircuitState, close, initial, open, release, succeed, type Ticket } from './machine.ts'
import { consecutiveFailures, type Tally, type Trip } from './trip.ts'

/** `true`: a failure; `false`: a success; `'ignore'`: says nothing about the service. */
export type IsFailure = (details: Details) => boolean | 'ignore'

/** What is left of a breaker while the process is down: the result of `toJSON()`. */
export interface CircuitSnapshot {
  readonly state: CircuitState
  /** How often it has opened since it was last closed. */
  readonly openings: number
  /** When it opened the last time, in ms since 1970. */
  readonly openedAt: number
  /** For how long, in ms; `null`, as JSON writes Infinity: until `reset()`. */
  readonly recoveryTimeout: number | null
}

export interface CircuitBreakerOptions extends CircuitHooks {
  /** Failures in a row that open the circuit; does not count when `trip` is given. Default 5. */
  failureThreshold?: number | undefined
  /** Another rule for opening: `countWindow(…)`, `timeWindow(…)`. Default `consecutiveFailures(failureThreshold)`. */
  trip?: Trip | undefined
  /**
   * How long it stays open before it lets a probe through, in ms; or a wait strategy, in whose record `tries` counts the openings
   * since it was last closed. A strategy that has run out keeps the last time. An error whose `retryAfter` (ms) is longer
   * lengthens it. Default 60,000.
   */
  recoveryTimeout?: number | Wait | undefined
  /** How many probes may be out at once; other calls are refused. Default 1. */
  halfOpenMaxCalls?: number | undefined
  /** How many probes must succeed to close it. Default 1. */
  successThreshold?: number | undefined
  /** A probe without an answer after so many ms has failed; it is not waited for, nor cut off. Default: as long as it was open, or 60,000 if that was 0. */
  probeTimeout?: number | undefined
  /** Judges outcomes. Default: what is thrown is a failure. A call that its caller has aborted is ignored in any case. */
  isFailure?: IsFailure | undefined
  /** Stands in errors, events and metrics. Default `''`. */
  name?: string | undefined
  /** What `toJSON()` gave before a restart. */
  state?: CircuitSnapshot | undefined
}

type Completed = CircuitBreakerOptions & { failureThreshold: number; recoveryTimeout: number | Wait; halfOpenMaxCalls: number; successThreshold: number }

const events = { closed: 'onCircuitClose', open: 'onCircuitOpen', 'half-open': 'onCircuitHalfOpen' } as const

/** A record of no call: what is said of a call outside a retry, and of a circuit. */
const blank = { args: [], tries: 1, elapsed: 0, idleFor: 0, previousWait: 0 }

/** Tells the breaker's own handlers, then the plugins of the call. */
const tell = (breaker: CircuitBreaker, event: keyof CircuitHooks, from: CircuitState, attempt: Attempt | undefined): void => {
  const { name, retryAfter, _circuit, _options } = breaker
  const fact = { breaker: name, from, to: _circuit._state, retryAfter, cause: _circuit._cause, call: attempt?.details.call }
  emit(event, fact, [_options])
  emit(event, fact, attempt?.plugins)
}

const become = (breaker: CircuitBreaker, circuit: Circuit, attempt?: Attempt): void => {
  const { _state } = breaker._circuit
  breaker._circuit = circuit
  if (circuit._state === 'closed') breaker._tally = breaker._trip()
  if (circuit._state !== _state) tell(breaker, events[circuit._state], _state, attempt)
}

const trip = (breaker: CircuitBreaker, at: number, cause: any, attempt: Attempt | undefined): void => {
  const { name, _circuit } = breaker
  let { recoveryTimeout } = breaker._options
  if (typeof recoveryTimeout === 'function')
    recoveryTimeout = numbers({ recoveryTimeout: recoveryTimeout({ ...blank, call: breaker, name, target: recoveryTimeout, tries: _circuit._openings + 1, previousWait: _circuit._recovery, exception: cause }) }, { recoveryTimeout: _circuit._recovery }).recoveryTimeout
  if (Number.isFinite(cause?.retryAfter)) recoveryTimeout = Math.max(recoveryTimeout, cause.retryAfter)
  become(breaker, open(_circuit, at, recoveryTimeout, cause), attempt)
}

/** Nobody answers for a probe that hangs: whoever looks next finds out. */
const look = (breaker: CircuitBreaker, attempt?: Attempt): Circuit => {
  const { _probes: [oldest], _recovery } = breaker._circuit
  const end = oldest ? oldest._began! + (breaker._options.probeTimeout ?? _recovery) : Infinity
  if (end <= clock().now()) trip(breaker, end, new TimeoutError('the probe has not answered in time'), attempt)
  return breaker._circuit
}

/** Lets a call through as a probe, or refuses it. */
const knock = (breaker: CircuitBreaker, attempt: Attempt | undefined): Ticket => {
  const { _state, _cause } = look(breaker, attempt)
  const circuit = admit(breaker._circuit, clock().now(), breaker._options.halfOpenMaxCalls)
  if (circuit) {
    become(breaker, circuit, attempt)
    return circuit._probes.at(-1)!
  }
  tell(breaker, 'onCircuitReject', _state, attempt)
  throw new CircuitOpenError(breaker.name, breaker.retryAfter, _cause, _state)
}

/** Takes an outcome into account, unless the circuit has changed since the call was let through. */
const settle = (
  breaker: CircuitBreaker,
  ticket: Ticket,
  failed: boolean,
  result: any,
  began: number,
  fn: Function,
  args: readonly unknown[],
  attempt: Attempt | undefined,
): void => {
  const { isFailure, successThreshold } = breaker._options
  const closed = breaker._circuit._state === 'closed'
  const circuit = closed ? breaker._circuit : look(breaker, attempt)
  if (ticket._generation !== circuit._generation) return
  if (!closed) breaker._circuit = release(circuit, ticket)
  // Its caller has lost interest, which says nothing about the service. Having waited too long does.
  if (failed && (attempt ? attempt.aborted && (attempt.reason as any)?.name !== 'TimeoutError' : !isFailure && result?.name === 'AbortError')) return
  const now = breaker.timeless ? 0 : clock().now()
  const duration = now - began
  const facts = isFailure && attempt?.details
  const verdict = isFailure
    ? isFailure({
        ...blank, call: {}, name: fn.name, target: fn, args, ...facts,
        elapsed: (facts?.elapsed ?? 0) + (facts?.duration === undefined ? duration : 0),
        duration,
        [failed ? 'exception' : 'value']: result,
      })
    : failed
  if (verdict === 'ignore') return
  if (verdict) breaker._cause = result
  if (closed ? breaker._tally.record(verdict, now, duration) : verdict || duration > breaker._tally.slowAfter!)
    trip(breaker, clock().now(), breaker._cause, attempt)
  else if (!closed) become(breaker, succeed(breaker._circuit, successThreshold), attempt)
}

/** Calls the function, unless it is refused. What it does is told once: when it ends, or when it is aborted before. */
const run = (breaker: CircuitBreaker, fn: Function, args: readonly unknown[], attempt?: Attempt): any => {
  let ticket: Ticket | undefined = breaker._circuit._state === 'closed' ? breaker._circuit : knock(breaker, attempt)
  const began = breaker.timeless ? 0 : clock().now()
  const end = (failed: boolean, result: unknown): void => {
    const admitted = ticket
    ticket = undefined
    if (admitted) settle(breaker, admitted, failed, result, began, fn, args, attempt)
  }
  const succeeded = (value: unknown): unknown => {
    end(false, value)
    return value
  }
  const failed = (error: unknown): never => {
    end(true, error)
    throw error
  }
  if (attempt) {
    // An operation may ignore its signal, or never end: what is aborted has to be judged now.
    attempt.whenAborted((reason) => {
      try {
        end(true, reason)
      } catch {
        // A filter that throws has nobody to tell: the call has its end already.
      }
    })
  }
  let result: any
  try {
    result = attempt ? fn(attempt) : fn(...args)
  } catch (error) {
    failed(error)
  }
  return typeof result?.then === 'function' ? Promise.resolve(result).then(succeeded, failed) : succeeded(result)
}

/**
 * Stops calling what keeps failing: after enough failures calls are refused at once with a `CircuitOpenError`, until a probe
 * has shown that all is well again. A plugin, `use: [breaker]`, in which each attempt counts; or alone, `breaker.call(fn)`.
 * One breaker serves many functions and concurrent calls. It has no timers: what time brings about is seen at the next call.
 * Throws for an unusable option.
 */
export class CircuitBreaker implements Plugin {
  declare readonly name: string
  declare readonly timeless: boolean
  /** @internal */
  declare readonly _options: Completed
  /** @internal */
  declare readonly _trip: Trip
  /** @internal */
  declare _tally: Tally
  /** @internal */
  declare _circuit: Circuit
  /** @internal */
  declare _cause: unknown

  constructor(options: CircuitBreakerOptions = {}) {
    const { recoveryTimeout, probeTimeout, isFailure, trip, state } = options
    for (const [name, value] of Object.entries<unknown>({ isFailure, trip }))
      if (value !== undefined && typeof value !== 'function') throw new TypeError(`${name} must be a function; got ${typeof value}`)
    const completed = numbers(options, {
      failureThreshold: 5,
      halfOpenMaxCalls: 1,
      successThreshold: 1,
      ...(probeTimeout !== undefined && { probeTimeout }),
      ...(typeof recoveryTimeout !== 'function' && { recoveryTimeout: 60_000 }),
    } as Record<string, number>) as Completed
    const { name = '' } = completed
    if (typeof name !== 'string') throw new TypeError(`name must be a string; got ${typeof name}`)
    this._options = completed
    this.name = name
    this._trip = trip ?? consecutiveFailures(completed.failureThreshold)
    this._tally = this._trip()
    this.timeless = !(this._tally.timed || isFailure)
    this._circuit = initial
    if (state?.openings) {
      const { openings, openedAt, recoveryTimeout } = numbers(state, { openings: NaN, recoveryTimeout: Infinity })
      // Only the wall clock survives a restart. Set back meanwhile, it must not lengthen the time.
      this._circuit = open({ ...initial, _openings: openings - 1 }, clock().now() + Math.min(0, openedAt - Date.now() || 0), recoveryTimeout)
    }
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
    const { _opened, _recovery, _probes } = look(this)
    const { halfOpenMaxCalls, probeTimeout = _recovery } = this._options
    return Math.max((_probes.length < halfOpenMaxCalls ? _opened + _recovery : _probes[0]!._began! + probeTimeout) - clock().now(), 0)
  }

  /** The plugin: counts each attempt, refuses it while the circuit is open. */
  wrap<T>(next: Operation<T>): Operation<T> {
    return (attempt) => run(this, next, blank.args, attempt)
  }

  /** Calls `fn(...args)` unless the circuit is open: then it rejects at once with a `CircuitOpenError`, and `fn` is not called. */
  call<Args extends unknown[], T>(fn: (...args: Args) => T | PromiseLike<T>, ...args: Args): Promise<T> {
    try {
      return Promise.resolve(run(this, fn, args))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Calls `fn(...args)` and returns what it returns; throws a `CircuitOpenError` while the circuit is open. */
  callSync<Args extends unknown[], T>(fn: (...args: Args) => T, ...args: Args): T {
    return run(this, fn, args)
  }

  /** Opens it by hand, until `reset()`. */
  isolate(): void {
    become(this, open(this._circuit, clock().now(), Infinity))
  }

  /** Closes it by hand, as if fresh: calls still running do not count. */
  reset(): void {
    become(this, close(this._circuit))
  }

  /** What a breaker made after a restart needs to know (option `state`): how long it stays open. */
  toJSON(): CircuitSnapshot {
    const { _state, _openings, _opened, _recovery } = look(this)
    return { state: _state, openings: _openings, openedAt: Date.now() - clock().now() + _opened, recoveryTimeout: _recovery }
  }
}
