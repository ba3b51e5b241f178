import { alone, CallAttempt } from '../engine/attempt.ts'
import { type Call, newCall, now, record, wrap } from '../engine/call.ts'
import { cut } from '../engine/cut.ts'
import type { Source } from '../engine/follow.ts'
import { loop } from '../engine/loop.ts'
import { current, type Policy, prepare, type Shared } from '../engine/options.ts'
import { checkTarget } from '../engine/target.ts'
import { state } from '../seams/state.ts'
import type { Details, Operation, Options } from '../types.ts'

/** Calls a function. Whatever it does comes back as a promise. */
const invoke = <Argument>(operation: (argument: Argument) => unknown, argument: Argument): Promise<any> => {
  try {
    return Promise.resolve(operation(argument))
  } catch (error) {
    return Promise.reject(error)
  }
}

const factsOf = (grow: () => Call): Details => record(grow())

/** What can cut a call short besides its deadline. */
export const sourcesOf = ({ _signal }: Policy, also?: readonly (Source | undefined)[]): readonly Source[] =>
  _signal || also ? [_signal, ...(also ?? [])].filter((source) => source !== undefined) : alone

/** Runs by options that have been checked. `also` can cut it short as well. */
const run = (
  policy: Policy, operation: Operation<any>, target: Function = operation, args: readonly unknown[] = [], also?: readonly (Source | undefined)[], name?: string,
): Promise<any> => {
  checkTarget(target)
  const work = wrap(operation, policy)
  const started = now(policy)
  if (policy._plain && !also) {
    // Chained on the operation's own promise: a success is no more than that, and needs no call.
    let call: Call | undefined
    const grow = (): Call => (call ??= newCall(policy, work, target, args, started, alone, name, false, attempt))
    const attempt = new CallAttempt(1, policy._plugins, grow, factsOf, alone, 1)
    return invoke(work, attempt).then(undefined, (error) => loop(grow(), true, error))
  }
  const call = newCall(policy, work, target, args, started, sourcesOf(policy, also), name)
  policy._tracker?._opened(call)
  return policy._tracker || call._sources[0] || call._maxTime < Infinity ? cut(call) : loop(call)
}

/** Runs by options that serve many calls. */
export const runShared = (
  shared: Shared, operation: Operation<any>, target?: Function, args?: readonly unknown[], also?: readonly (Source | undefined)[], name?: string,
): Promise<any> => {
  try {
    return run(current(shared), operation, target, args, also, name)
  } catch (error) {
    return Promise.reject(error)
  }
}

/**
 * Calls an operation until it succeeds or its options say that it is enough: by default three times, with exponential
 * waits and full jitter. Resolves with the operation's value; rejects with the very error of the last attempt, with
 * `signal.reason` when the caller aborts, with a TimeoutError when `maxTime` passes during an attempt, and with a
 * TypeError or RangeError for unusable options. The operation receives the attempt: pass `attempt.signal` on.
 */
export const retry = <T>(operation: Operation<T>, options: Options<Awaited<T>> = {}): Promise<Awaited<T>> => {
  try {
    return run(prepare(state().force?.(options) ?? options), operation)
  } catch (error) {
    return Promise.reject(error)
  }
}
