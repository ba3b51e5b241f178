import { CallAttempt } from './attempt.ts'
import { invalid } from './check.ts'
import type { Policy, Settled } from './policy.ts'
import type { TimerHolder } from './timer.ts'
import type { Details, Operation } from './types.ts'

/** How a call is carried on: with promises and timers, by blocking, or by the body of a `for` loop. */
export interface Driver {
  /** Runs the attempt, and sees that its outcome is taken down and judged. */
  readonly _run: (call: Call) => void
  /** Makes the next attempt after a wait. */
  readonly _sleep: (call: Call, wait: number) => void
  /** Goes on when a handler's promise has settled. */
  readonly _follow: (call: Call, promise: PromiseLike<unknown>, next: (value: any) => void) => void
}

/** One call under way: what it runs by, and what has happened so far. */
export interface Call extends TimerHolder {
  readonly _policy: Settled
  readonly _driver: Driver
  /** The target with every plugin around it. */
  readonly _operation: Operation<any>
  _target: Function
  readonly _args: readonly unknown[]
  /** The attempt under way; afterwards, the one whose outcome is not yet judged. */
  _attempt: CallAttempt | undefined
  _tries: number
  _idleFor: number
  /** The wait before the attempt, and the one that is decided: the same until the attempt has ended. */
  _previousWait: number
  _wait: number
  /** How the last attempt ended; `_result` is what it threw, or what it returned. */
  _failed: boolean
  _result: unknown
  /** Clock readings: when the call began, when the attempt began, when it ended (absent while it runs). */
  _started: number
  _began: number
  _ended: number | undefined
  /** Its time is up, or its end is being told: there is nothing left for a deadline to end. */
  _expired: boolean
  /** Its end has been told to those who watch. */
  _told: boolean
  /** How often it was cut off from what it waited for; `Infinity` when it is over. Who comes back with an old number is late. */
  _turn: number
  _resolve: ((value: any) => void) | undefined
  _reject: ((reason: unknown) => void) | undefined
  /** Takes back what the call has set up outside itself. */
  _release: (() => void) | undefined
  /** For who tracks it: what its operation returned last, and where it is kept. */
  _work?: Promise<unknown>
  _place?: number
}

/** Folds the plugins around an operation: the first is outermost. */
export const wrap = (operation: Operation<any>, { _plugins }: Policy): Operation<any> =>
  _plugins[0] ? _plugins.reduceRight((next, plugin) => plugin.wrap?.(next) ?? next, operation) : operation

export const checkTarget = (target: unknown): void => {
  if (typeof target !== 'function') invalid('operation', 'a function', target)
}

/** Opens a call. */
export const newCall = (driver: Driver, policy: Settled, operation: Operation<any>, target: Function, args: readonly unknown[]): Call => {
  return {
    _policy: policy,
    _driver: driver,
    _operation: operation,
    _target: target,
    _args: args,
    _attempt: undefined,
    _tries: 0,
    _idleFor: 0,
    _previousWait: 0,
    _wait: 0,
    _failed: false,
    _result: undefined,
    _started: 0,
    _began: 0,
    _ended: undefined,
    _expired: false,
    _told: false,
    _turn: 0,
    _timer: undefined,
    _resolve: undefined,
    _reject: undefined,
    _release: undefined,
  }
}

const facts = (call: Call): Details => record(call)

/** Opens the next attempt. */
export const begin = (call: Call, attempt = new CallAttempt(call._tries + 1, call._policy._plugins, call, facts)): void => {
  call._attempt = attempt
  call._tries++
  call._idleFor += call._previousWait = call._wait
  call._ended = undefined
  if (call._policy._timed) {
    call._began = call._policy._clock.now()
    if (call._tries === 1) call._started = call._began
  }
}

/** Takes down how the attempt ended. */
export const end = (call: Call, failed: boolean, result: unknown): void => {
  call._failed = failed
  call._result = result
  call._ended = call._policy._timed ? call._policy._clock.now() : 0
}

/** Writes down the facts as they stand. */
export const record = (call: Call, wait?: number): Details => {
  const { _target, _ended, _began } = call
  const details: any = {
    // Fresh for each call, and there anyway.
    call: call._args,
    name: call._policy._name ?? _target.name,
    target: _target,
    args: call._args,
    tries: call._tries,
    elapsed: (_ended ?? _began) - call._started,
    idleFor: call._idleFor,
    previousWait: call._previousWait,
  }
  if (_ended !== undefined) {
    details.duration = _ended - _began
    details[call._failed ? 'exception' : 'value'] = call._result
  }
  if (wait !== undefined) details.wait = wait
  return details
}
