import { CallAttempt } from '../engine/attempt.ts'
import { type Call, newCall, now, record, wrap } from '../engine/call.ts'
import { cut } from '../engine/cut.ts'
import { alone, type Source } from '../engine/follow.ts'
import { loop } from '../engine/loop.ts'
import { current, hold, type Policy, prepare, type Shared } from '../engine/options.ts'
import { checkTarget } from '../engine/target.ts'
import { state } from '../seams/state.ts'
import type { Answer, Attempt, Details, Operation, Options } from '../types.ts'

/** Calls a function. Whatever it does comes back as a promise. */
const invoke = <Argument>(operation: (argument: Argument) => unknown, argument: Argument): Promise<any> => {
  try {
    return Promise.resolve(operation(argument))
  } catch (error) {
    return Promise.reject(error)
  }
}

const factsOf = (grow: () => Call): Details => record(grow())

/**
 * Runs an operation by the policy that `policyOf` makes of what is given. `also` can cut the call short as well. Whatever is wrong comes out of
 * the promise. (It is one function, because an error's stack has room for ten frames, and the caller's own has to be among them.)
 */
export const run = <Given>(
  policyOf: (given: Given) => Policy, given: Given, operation: Operation<any>, target: Function = operation, args: readonly unknown[] = [], also?: Source, name?: Call['_name'],
): Promise<any> => {
  try {
    const policy = policyOf(given)
    checkTarget(target)
    const work = wrap(operation, policy)
    const started = now(policy)
    if (policy._plain && !also) {
      // Chained on the operation's own promise: a success is no more than that, and needs no call.
      let call: Call | undefined
      const grow = (): Call => (call ??= newCall(policy, work, target, args, started, alone, name, attempt))
      const attempt = new CallAttempt(1, policy._plugins, grow, factsOf, alone, 1)
      return invoke(work, attempt).then(undefined, (error) => loop(grow(), true, error))
    }
    const { _sources, _tracker } = policy
    const call = newCall(policy, work, target, args, started, also ? [..._sources, also] : _sources, name)
    _tracker?._opened(call)
    return _tracker || call._sources[0] || call._policy._maxTime !== Infinity ? cut(call) : loop(call)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Runs by options that serve many calls. */
export const runShared = (shared: Shared, operation: Operation<any>, target?: Function, args?: readonly unknown[]): Promise<any> =>
  run(current, shared, operation, target, args)

const none: Options = {}
let defaults: Shared | undefined

/** Checks the options of one call. Where there are none, there is nothing to check. */
const policyOf = (options: Options): Policy => (options === none ? current((defaults ??= hold(none))) : prepare(state().force?.(options) ?? options))

/**
 * Calls an operation until it succeeds or its options say that it is enough: by default three times, with exponential
 * waits and full jitter. Resolves with the operation's value; rejects with the very error of the last attempt, with
 * `signal.reason` when the caller aborts, with a TimeoutError when `maxTime` passes during an attempt, and with a
 * TypeError or RangeError for unusable options. The operation receives the attempt: pass `attempt.signal` on.
 *
 * @example
 * const user = await retry(async ({ signal }) => (await fetch(url, { signal })).json(), { maxTries: 5, exception: TypeError })
 */
export const retry = <T = unknown, Result = T | PromiseLike<T>, Raises extends boolean = boolean, Instead = any>(
  operation: (attempt: Attempt) => Result,
  options: Options<NoInfer<Awaited<Result>>, Raises, Instead> = none as Options<any, Raises, Instead>,
): Promise<Answer<Awaited<Result>, Raises, Instead>> => run(policyOf, options, operation)
