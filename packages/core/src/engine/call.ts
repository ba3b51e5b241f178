import { CallAttempt } from './attempt.ts'
import { type Policy, timeOf, triesOf } from './options.ts'
import type { Operation } from '../types.ts'

/** One step of a call. One that gives back the call has something to wait for: the call is carried on when that is there. */
export type Step = (call: Call) => unknown

/** How a call is carried on: with promises and timers, by blocking, or by the body of a `for` loop. */
export interface Driver {
  /** Runs the attempt, and sees that its outcome is taken down. */
  readonly _run: Step
  /** Lets `call._wait` pass. */
  readonly _sleep: Step
  /** Goes on with the call when a promise has settled. */
  readonly _follow: (call: Call, promise: PromiseLike<unknown>, next: (call: Call, value: any) => void) => unknown
}

/** Places in `steps`, the engine's loop: where an outcome is told, where it is judged, and where the next attempt is opened. */
const AFTER = 3
export const JUDGE = 4
export const BEGIN = 8
/** A place behind them all: the call is over. */
export const OVER = 18

/** One call under way: what it runs by, and what has happened so far. */
export interface Call {
  readonly _driver: Driver
  readonly _policy: Policy
  /** The target with every plugin around it. */
  readonly _operation: Operation<any>
  _target: Function
  readonly _args: readonly unknown[]
  readonly _maxTries: number
  _maxTime: number
  /** The attempt under way; afterwards, the one whose outcome is not yet judged. */
  _attempt: CallAttempt | undefined
  _tries: number
  _idleFor: number
  _previousWait: number
  /** The wait that has been decided, until it is over. */
  _wait: number | undefined
  /** Which step comes next, and which listener of an event. */
  _step: number
  _listener: number
  /** How often the call has waited for a promise. Who comes back with an old number is late. */
  _turn: number
  /** How the last attempt ended: `_result` is what it threw, or what it returned. */
  _failed: boolean
  _result: any
  /** Clock readings: when the call began, when the attempt began, when it ended (absent while it runs). */
  _started: number
  _began: number
  _ended: number | undefined
  _timer: unknown
  _resolve: ((value: any) => void) | undefined
  _reject: ((reason: unknown) => void) | undefined
  /** Takes back what the call has set up outside itself. */
  _release: (() => void) | undefined
  /** For who tracks it: what its operation returned last, and where it is kept. */
  _work?: Promise<unknown>
  _place?: number
}

/** Opens a call: before its first attempt, or with that one under way since it `started`. */
export const newCall = (
  driver: Driver, policy: Policy, operation: Operation<any>, target: Function, args: readonly unknown[], attempt?: CallAttempt, started = now(policy),
): Call => ({
  _driver: driver,
  _policy: policy,
  _operation: operation,
  _target: target,
  _args: args,
  _maxTries: triesOf(policy._maxTries),
  _maxTime: timeOf(policy._maxTime),
  _attempt: attempt,
  _tries: attempt ? 1 : 0,
  _idleFor: 0,
  _previousWait: 0,
  _wait: undefined,
  _failed: false,
  _result: undefined,
  _started: started,
  _began: started,
  _ended: undefined,
  _step: BEGIN,
  _listener: 0,
  _turn: 0,
  _timer: undefined,
  _resolve: undefined,
  _reject: undefined,
  _release: undefined,
})

/** Writes down the facts as they stand. */
export const record = (call: Call): any => {
  const { _args, _began, _ended, _target, _wait } = call
  const details: any = {
    // Fresh for each call, and there anyway.
    call: _args,
    name: call._policy._options.name ?? _target.name,
    target: _target,
    args: _args,
    tries: call._tries,
    elapsed: (_ended ?? _began) - call._started,
    idleFor: call._idleFor,
    previousWait: call._previousWait,
  }
  if (_ended !== undefined) {
    details.duration = _ended - _began
    details[call._failed ? 'exception' : 'value'] = call._result
  }
  if (_wait !== undefined) details.wait = _wait
  return details
}

/** Reads the clock, if anything may ask for the time. */
export const now = ({ _timed, _clock }: Policy): number => (_timed ? _clock.now() : 0)

/** Folds the plugins around an operation: the first is outermost. */
export const wrap = (operation: Operation<any>, { _plugins }: Policy): Operation<any> =>
  _plugins[0] ? _plugins.reduceRight((next, plugin) => plugin.wrap?.(next) ?? next, operation) : operation

/** Opens the next attempt. */
export const begin = (call: Call): void => {
  // The clock has just been read for the first one.
  if (call._tries++) call._began = now(call._policy)
  call._idleFor += call._previousWait = call._wait ?? 0
  call._wait = call._ended = undefined
  call._attempt = new CallAttempt(call._tries, call._policy._plugins, call, record)
  call._step = 0
}

/** Takes down how the attempt ended, unless the call has ended before. */
export const end = (call: Call, result: unknown, failed = false): void => {
  if (call._step === OVER) return
  call._step = AFTER
  call._failed = failed
  call._result = result
  call._ended = now(call._policy)
}
