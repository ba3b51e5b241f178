import { type Driver, end, newCall, OVER, wrap } from '../engine/call.ts'
import { isThenable } from '../thenable.ts'
import { current, share, type Shared } from '../engine/options.ts'
import { go, guard } from './retry.ts'
import { sleepBlocking } from '../time/sleep.ts'
import { checkTarget } from '../engine/target.ts'
import type { Answer, Attempt, Operation, Options, Synchronous } from '../types.ts'

/** Refuses a promise where nobody can wait for it; a rejection of it is not left unhandled. */
export const refusePromise = (value: unknown, who: string): void => {
  if (!isThenable(value)) return
  value.then(undefined, () => {})
  throw new TypeError(`${who} returned a promise in a synchronous call: use the async form`)
}

/** Carries calls on by blocking. */
export const syncDriver: Driver = {
  _run(call) {
    let failed = false
    let result: unknown
    try {
      result = call._operation(call._attempt!)
    } catch (error) {
      failed = true
      result = error
    }
    if (!failed && call._step < OVER) refusePromise(result, 'the operation')
    end(call, result, failed)
  },
  _sleep(call) {
    const { _wait, _policy: { _clock, _options: { sleep, signal } } } = call
    if (sleep) refusePromise(sleep(_wait!, signal), 'sleep')
    else if (_clock.block) _clock.block(_wait!)
    else sleepBlocking(_wait!)
  },
  _follow(_, promise) {
    refusePromise(promise, 'a handler')
  },
}

/** Runs by options that serve many calls. */
export const runSync = (shared: Shared, operation: Operation<any>, target: Function = operation, args: readonly unknown[] = []): any => {
  checkTarget(target)
  const policy = current(shared)
  const call = newCall(syncDriver, policy, wrap(operation, policy), target, args)
  policy._tracker?._opened(call)
  let failed = false
  let result: unknown
  call._resolve = (value) => (result = value)
  call._reject = (reason) => {
    failed = true
    result = reason
  }
  guard(call, false)
  go(call)
  if (failed) throw result
  return result
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
