import { newCall, now, wrap } from '../engine/call.ts'
import { watch } from '../engine/cut.ts'
import type { Source } from '../engine/follow.ts'
import { check, loopSync } from '../engine/loop-sync.ts'
import { current, share, type Shared } from '../engine/options.ts'
import { checkTarget } from '../engine/target.ts'
import type { Attempt, Operation, Options } from '../types.ts'
import { sourcesOf } from './retry.ts'

/** Runs by options that serve many calls. */
export const runSync = (shared: Shared, operation: Operation<any>, target: Function = operation, args: readonly unknown[] = [], also?: readonly Source[]): any => {
  checkTarget(target)
  const policy = current(shared)
  const call = newCall(policy, wrap(operation, policy), target, args, now(policy), sourcesOf(policy, also), undefined, true)
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
 */
export const retrySync = <T>(operation: (attempt: Attempt) => T extends PromiseLike<unknown> ? never : T, options: Options<T> = {}): T =>
  runSync(share(options), operation as Operation<T>)
