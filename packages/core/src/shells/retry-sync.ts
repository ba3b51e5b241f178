import { newCall, now, wrap } from '../engine/call.ts'
import { watch } from '../engine/cut.ts'
import type { Source } from '../engine/follow.ts'
import { check, loopSync } from '../engine/loop-sync.ts'
import { current, share, type Shared } from '../engine/options.ts'
import { refusePromise } from '../thenable.ts'
import { checkTarget } from '../engine/target.ts'
import type { Answer, Attempt, Operation, Options, Synchronous } from '../types.ts'

/** Runs by options that serve many calls. */
export const runSync = (shared: Shared, operation: Operation<any>, target: Function = operation, args: readonly unknown[] = [], also?: Source): any => {
  checkTarget(target)
  const policy = current(shared)
  const call = newCall(policy, wrap(operation, policy), target, args, now(policy), also ? [...policy._sources, also] : policy._sources, undefined, undefined, refusePromise)
  policy._tracker?._opened(call)
  watch(call)
  check(call)
  return loopSync(call)
}

/**
 * Calls a synchronous operation until it succeeds or its options say that it is enough, and blocks the thread while it
 * waits. Takes the options of `retry`, with the same meaning; `maxTime` is looked at between attempts, as nothing can
 * interrupt one. Throws what `retry` rejects with; a TypeError when the operation, a handler or `sleep` returns a promise;
 * and an Error where blocking is not allowed and no `sleep` is given.
 *
 * @example
 * const config = retrySync(() => JSON.parse(readFileSync('config.json', 'utf8')), { wait: 50, exception: SyntaxError })
 */
export const retrySync = <T, Raises extends boolean = boolean, Instead = any>(
  operation: (attempt: Attempt) => Synchronous<T>,
  options: Options<NoInfer<T>, Raises, Instead> = {},
): Answer<T, Raises, Instead> => runSync(share(options), operation)
