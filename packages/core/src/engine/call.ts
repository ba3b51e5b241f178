import { invalid } from '../check.ts'
import type { Details, End, Operation, Plugin } from '../types.ts'
import { CallAttempt } from './attempt.ts'
import type { Follower, Source } from './follow.ts'
import { bounded, type Policy } from './options.ts'

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

/** What only a call has that can be cut short. It is what follows the sources. */
export interface Cutting extends Follower {
  /** Rejects at once. */
  _reject: ((reason: unknown) => void) | undefined
  /** The deadline. */
  timer: unknown
  /** For who tracks the call: where it is kept. */
  _place: number
}

/** How a call has ended. */
export interface Ending {
  readonly _end: End
  readonly _reason: unknown
}

/** One call under way: what it runs by, and what has happened so far. There may be many asleep: it has no field to spare. */
export interface Call {
  readonly _policy: Policy
  /** The target with every plugin around it. */
  readonly _work: Operation<any>
  _target: Function
  readonly _args: readonly unknown[]
  readonly _name: string | (() => string) | undefined
  /** What can cut it short, besides its deadline. */
  readonly _sources: readonly Source[]
  /** Refuses a promise, where nobody can wait for it. */
  readonly _refuse: ((answer: unknown, who: string) => void) | undefined
  _phase: Phase
  /** The attempt under way; afterwards, while its outcome is judged; and in a wait, if somebody may still be using its signal for a value that is not the result. */
  _attempt: CallAttempt | undefined
  _tries: number
  _idleFor: number
  _previousWait: number
  /** The wait that has been decided, until it is over. */
  _wait: number | undefined
  /** The latest outcome; `_failed` is `undefined` before the first. And how long the latest attempt took. */
  _failed: boolean | undefined
  _result: any
  _duration: number | undefined
  /** When it began, on its clock, and how long it had been under way when its latest attempt began, or ended. */
  readonly _started: number
  _elapsed: number
  _ending: Ending | undefined
  /** The timer of its wait, and when it is to ring. */
  timer: unknown
  _until: number | undefined
  /** Ends what it waits for that is the caller's: a sleep, what is done about the end. */
  _waker: AbortController | undefined
  _cutting: Cutting | undefined
}

/** Reads the clock, if anything may ask for the time. */
export const now = ({ _timed, _clock }: Policy): number => (_timed ? _clock.now() : 0)

/** Folds the plugins around an operation: the first is outermost. */
export const wrap = (operation: Operation<any>, { _plugins }: Policy): Operation<any> =>
  _plugins[0] ? _plugins.reduceRight(wrapWith, operation) : operation

const wrapWith = (next: Operation<any>, plugin: Plugin): Operation<any> => {
  const wrapped = plugin.wrap?.(next) ?? next
  return typeof wrapped === 'function' ? wrapped : invalid('what wrap of a plugin gives', 'an operation', wrapped)
}

/** Opens a call: before its first attempt, or with that one under way since it `started`. */
export const newCall = (
  policy: Policy, work: Operation<any>, target: Function, args: readonly unknown[], started: number, sources: readonly Source[], name?: Call['_name'], attempt?: CallAttempt, refuse?: Call['_refuse'],
): Call => ({
  _policy: bounded(policy),
  _work: work,
  _target: target,
  _args: args,
  _name: name,
  _sources: sources,
  _refuse: refuse,
  _phase: attempt ? 'running' : 'fresh',
  _attempt: attempt,
  _tries: attempt ? 1 : 0,
  _idleFor: 0,
  _previousWait: 0,
  _wait: undefined,
  _failed: undefined,
  _result: undefined,
  _duration: undefined,
  _started: started,
  _elapsed: 0,
  _ending: undefined,
  timer: undefined,
  _until: undefined,
  _waker: undefined,
  _cutting: undefined,
})

/** Writes down the facts as they stand. */
export const record = (call: Call): any => {
  const { _args, _ending, _name, _phase, _policy, _target, _wait } = call
  const details: any = {
    // Fresh for each call, and there anyway.
    call: _args,
    name: (typeof _name === 'function' ? _name() : _name) ?? _policy._name ?? _target.name,
    target: _target,
    args: _args,
    tries: call._tries,
    elapsed: call._elapsed,
    idleFor: call._idleFor,
    previousWait: call._previousWait,
  } satisfies Details
  if (_phase !== 'opening' && _phase !== 'running') {
    if (call._duration !== undefined) details.duration = call._duration
    if (call._failed !== undefined) details[call._failed ? 'exception' : 'value'] = call._result
  }
  if (_wait !== undefined) details.wait = _wait
  if (_ending) details.end = _ending._end
  if (_ending?._end === 'abort') details.reason = _ending._reason
  return details
}

/** Opens the next attempt. */
export const begin = (call: Call): void => {
  const { _attempt, _policy, _wait = 0 } = call
  // The clock has just been read for the first one.
  if (call._tries++) call._elapsed = now(_policy) - call._started
  call._idleFor += call._previousWait = _wait
  call._wait = undefined
  call._phase = 'opening'
  call._attempt = new CallAttempt(call._tries, _policy._plugins, call, record, call._sources, 1)
  call._attempt._before = _attempt
}

/** Runs the attempt that was opened. What is left of the one before, a value that was not the result, is let go. */
export const run = (call: Call): unknown => {
  const attempt = call._attempt!
  const { _before, tries } = attempt
  call._phase = 'running'
  attempt._before = undefined
  _before?.abort(new DOMException(`the value of attempt ${_before.tries} was not the result: attempt ${tries} has begun`, 'AbortError'))
  return call._work(attempt)
}

/** Takes down how the attempt ended. */
export const takeDown = (call: Call, failed: boolean, result: unknown): void => {
  const elapsed = now(call._policy) - call._started
  call._phase = 'judging'
  call._failed = failed
  call._result = result
  call._duration = elapsed - call._elapsed
  call._elapsed = elapsed
}

/** Lies down for the wait that was decided. Nothing of the attempt is kept, unless its value may still be in use. */
export const lieDown = (call: Call, wait: number): void => {
  call._wait = wait
  call._phase = 'resting'
  if (call._failed || !call._attempt!._taken) call._attempt = undefined
}
