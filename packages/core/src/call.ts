import { CallAttempt } from './attempt.ts'
import { invalid } from './check.ts'
import { checkTime, checkTries, current, type Policy } from './policy.ts'
import type { Clock, Details, Operation } from './types.ts'

/** How a call is carried on: with promises and timers, by blocking, or by the body of a `for` loop. */
export interface Driver {
  /** Runs the attempt, and sees that `settle` hears of its outcome. */
  readonly _run: (call: Call) => void
  /** Starts the next attempt after a wait. */
  readonly _sleep: (call: Call, wait: number) => void
  /** Goes on when a handler's promise has settled. */
  readonly _follow: (call: Call, promise: PromiseLike<unknown>, next: (value: any) => void) => void
}

/** One call under way: what it runs by, and what has happened so far. */
export interface Call {
  readonly _policy: Policy
  readonly _driver: Driver
  /** The target with every plugin around it. */
  readonly _operation: Operation<any>
  _target: Function
  readonly _args: readonly unknown[]
  readonly _clock: Clock
  readonly _maxTries: number
  readonly _maxTime: number
  /** The attempt under way; afterwards, the one whose outcome is not yet judged. */
  _attempt: CallAttempt | undefined
  _tries: number
  _idleFor: number
  /** The wait before the attempt. */
  _wait: number
  /** How the last attempt ended; `_result` is what it threw, or what it returned. */
  _failed: boolean
  _result: unknown
  /** Clock readings: when the call began, when the attempt began, when it ended (absent while it runs). */
  _started: number
  _began: number
  _ended: number | undefined
  /** The call's time is up: whatever comes of this attempt, it is the last. */
  _expired: boolean
  /** Its end has been told to those who watch. */
  _told: boolean
  /** How often it was cut off from what it waited for; `Infinity` when it is over. Who comes back with an old number is late. */
  _turn: number
  _timer: unknown
  _resolve: ((value: any) => void) | undefined
  _reject: ((reason: unknown) => void) | undefined
  /** Takes back what the call has set up outside itself. */
  _release: (() => void) | undefined
  /** What stands for the call in its records. */
  _id: object | undefined
}

const none: readonly unknown[] = []

export const newCall = (driver: Driver, policy: Policy, operation: Operation<any>, target: Function = operation, args = none): Call => {
  if (typeof target !== 'function') invalid('operation', 'a function', target)
  policy = current(policy)
  const { _plugins, _maxTries, _maxTime } = policy
  return {
    _policy: policy,
    _driver: driver,
    _operation: _plugins[0] ? _plugins.reduceRight((next, plugin) => plugin.wrap?.(next) ?? next, operation) : operation,
    _target: target,
    _args: args,
    _clock: policy._clock,
    _maxTries: typeof _maxTries === 'function' ? checkTries(_maxTries()) : _maxTries,
    _maxTime: typeof _maxTime === 'function' ? checkTime(_maxTime()) : _maxTime,
    _attempt: undefined,
    _tries: 0,
    _idleFor: 0,
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
    _id: undefined,
  }
}

/** Opens the next attempt. */
export const begin = (call: Call): void => {
  call._attempt = new CallAttempt(++call._tries, call._policy._plugins, call, record)
  call._idleFor += call._wait
  call._ended = undefined
  if (call._policy._timed) {
    call._began = call._clock.now()
    if (call._tries === 1) call._started = call._began
  }
}

/** Takes down how the attempt ended. */
export const end = (call: Call, failed: boolean, result: unknown): void => {
  call._failed = failed
  call._result = result
  call._ended = call._policy._timed ? call._clock.now() : 0
}

/** Writes down the facts as they stand. */
export const record = (call: Call, wait?: number): Details => {
  const { _target, _ended, _began } = call
  const details: any = {
    call: (call._id ??= {}),
    name: call._policy._name ?? _target.name,
    target: _target,
    args: call._args,
    tries: call._tries,
    elapsed: (_ended ?? _began) - call._started,
    idleFor: call._idleFor,
    previousWait: call._wait,
  }
  if (_ended !== undefined) {
    details.duration = _ended - _began
    details[call._failed ? 'exception' : 'value'] = call._result
  }
  if (wait !== undefined) details.wait = wait
  return details
}
