import type { Details, End, Operation } from '../types.ts'
import { alone, CallAttempt } from './attempt.ts'
import type { Source } from './follow.ts'
import { type Policy, timeOf, triesOf } from './options.ts'

/** What a call is doing. */
export type Phase =
  /** Nobody has been told of it. */
  | 'fresh'
  /** An attempt is announced, and has not begun. */
  | 'opening'
  | 'running'
  /** The outcome is told, and judged. */
  | 'judging'
  | 'resting'
  /** It is told how the call has ended: that stands. */
  | 'ending'
  | 'over'

/** One call under way: what it runs by, and what has happened so far. */
export interface Call {
  readonly _policy: Policy
  /** The target with every plugin around it. */
  readonly _work: Operation<any>
  _target: Function
  readonly _args: readonly unknown[]
  readonly _name: string | undefined
  readonly _maxTries: number
  readonly _maxTime: number
  /** What can cut it short. */
  readonly _sources: readonly Source[]
  /** Nobody can wait in it: a promise is refused. */
  readonly _blocking: boolean
  _phase: Phase
  /** The attempt under way, until its outcome is judged. */
  _attempt: CallAttempt | undefined
  /** An attempt whose value was not the result, and whose signal somebody may still be using. */
  _leftover: CallAttempt | undefined
  _tries: number
  _idleFor: number
  _previousWait: number
  /** The wait that has been decided, until it is over. */
  _wait: number | undefined
  /** The latest outcome, and how long its attempt took; `undefined` before the first. */
  _failed: boolean
  _result: any
  _duration: number | undefined
  /** Clock readings: when the call began, when its latest attempt began, and how long it had been under way after that. */
  readonly _started: number
  _began: number
  _elapsed: number
  _end: End | undefined
  _reason: unknown
  _timer: unknown
  /** Ends what the call waits for that is the caller's: a sleep, what is done about the end. */
  _waker: AbortController | undefined
  /** Rejects at once, where the call can be cut short. */
  _reject: ((reason: unknown) => void) | undefined
  /** Takes back what the call has set up outside itself. */
  _release: (() => void) | undefined
  /** For who tracks it: where it is kept. */
  _place?: number
}

/** Reads the clock, if anything may ask for the time. */
export const now = ({ _timed, _clock }: Policy): number => (_timed ? _clock.now() : 0)

/** Folds the plugins around an operation: the first is outermost. */
export const wrap = (operation: Operation<any>, { _plugins }: Policy): Operation<any> =>
  _plugins[0] ? _plugins.reduceRight((next, plugin) => plugin.wrap?.(next) ?? next, operation) : operation

/** Opens a call: before its first attempt, or with that one under way since it `started`. */
export const newCall = (
  policy: Policy, work: Operation<any>, target: Function, args: readonly unknown[], started: number, sources: readonly Source[] = alone, name?: string, blocking = false, attempt?: CallAttempt,
): Call => ({
  _policy: policy,
  _work: work,
  _target: target,
  _args: args,
  _name: name,
  _maxTries: triesOf(policy._maxTries),
  _maxTime: timeOf(policy._maxTime),
  _sources: sources,
  _blocking: blocking,
  _phase: attempt ? 'running' : 'fresh',
  _attempt: attempt,
  _leftover: undefined,
  _tries: attempt ? 1 : 0,
  _idleFor: 0,
  _previousWait: 0,
  _wait: undefined,
  _failed: false,
  _result: undefined,
  _duration: undefined,
  _started: started,
  _began: started,
  _elapsed: 0,
  _end: undefined,
  _reason: undefined,
  _timer: undefined,
  _waker: undefined,
  _reject: undefined,
  _release: undefined,
})

/** Writes down the facts as they stand. */
export const record = (call: Call): any => {
  const { _args, _policy, _target, _phase, _end, _wait } = call
  const details: any = {
    // Fresh for each call, and there anyway.
    call: _args,
    name: call._name ?? _policy._name ?? _target.name,
    target: _target,
    args: _args,
    tries: call._tries,
    elapsed: call._elapsed,
    idleFor: call._idleFor,
    previousWait: call._previousWait,
  } satisfies Details
  if (call._duration !== undefined && _phase !== 'opening' && _phase !== 'running') {
    details.duration = call._duration
    details[call._failed ? 'exception' : 'value'] = call._result
  }
  if (_wait !== undefined) details.wait = _wait
  if (_end) details.end = _end
  if (_end === 'abort') details.reason = call._reason
  return details
}

/** Opens the next attempt. */
export const begin = (call: Call): void => {
  const { _policy, _wait = 0 } = call
  // The clock has just been read for the first one.
  if (call._tries++) call._elapsed = (call._began = now(_policy)) - call._started
  call._idleFor += call._previousWait = _wait
  call._wait = undefined
  call._phase = 'opening'
  call._attempt = new CallAttempt(call._tries, _policy._plugins, call, record, call._sources, 1)
}

/** Runs the attempt that was opened. Of the one before only its value can still be in use: it is let go. */
export const run = (call: Call): unknown => {
  const { _attempt, _leftover, _tries } = call
  call._phase = 'running'
  if (_leftover) {
    call._leftover = undefined
    _leftover.abort(new DOMException(`the value of attempt ${_leftover.tries} was not the result: attempt ${_tries} has begun`, 'AbortError'))
  }
  return (_attempt!._work = call._work(_attempt!))
}

/** Takes down how the attempt ended. */
export const takeDown = (call: Call, failed: boolean, result: unknown): void => {
  const { _attempt, _policy } = call
  const ended = now(_policy)
  call._phase = 'judging'
  call._failed = failed
  call._result = result
  call._duration = ended - call._began
  call._elapsed = ended - call._started
  if (!failed && _attempt?._taken) call._leftover = _attempt
}
