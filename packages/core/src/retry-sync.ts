import { type Call, checkTarget, type Driver, end, newCall, wrap } from './call.ts'
import { isThenable } from './events.ts'
import { current, type Policy, prepare } from './policy.ts'
import { attempt, go, guard, judge } from './retry.ts'
import { sleepBlocking } from './sleep.ts'
import type { Attempt, Operation, Options } from './types.ts'

/** Refuses a promise where nobody can wait for it; a rejection of it is not left unhandled. */
export const refusePromise = (value: unknown, who: string): void => {
  if (!isThenable(value)) return
  value.then(undefined, () => {})
  throw new TypeError(`${who} returned a promise in a synchronous call: use the async form`)
}

/** Carries calls on by blocking. A wait is only noted, in `call._wait`: who drives the call sleeps. */
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
    if (call._turn === Infinity) return
    if (!failed) refusePromise(result, 'the operation')
    end(call, failed, result)
    judge(call)
  },
  _sleep() {},
  _follow(_, promise) {
    refusePromise(promise, 'a handler')
  },
}

/** Sleeps the wait that the call has come to, and makes the next attempt. */
export const wake = (call: Call): void => {
  const { _sleep, _signal, _clock } = call._policy
  if (_sleep) refusePromise(_sleep(call._wait, _signal), 'sleep')
  else if (_clock.block) _clock.block(call._wait)
  else sleepBlocking(call._wait)
  if (call._turn < Infinity) attempt(call)
}

/** Runs by options that have been checked. */
export const runSync = (policy: Policy, operation: Operation<any>, target: Function = operation, args: readonly unknown[] = []): any => {
  checkTarget(target)
  const settled = current(policy)
  const call = newCall(syncDriver, settled, wrap(operation, settled), target, args)
  policy._tracker?._opened(call)
  let failed = false
  let result: unknown
  call._resolve = (value) => (result = value)
  call._reject = (reason) => {
    failed = true
    result = reason
  }
  guard(call, false)
  if (call._turn < Infinity) go(call, attempt)
  while (call._turn < Infinity) go(call, wake)
  if (failed) throw result
  return result
}

/**
 * Calls a synchronous operation until it succeeds or its options say that it is enough, and blocks the thread while it
 * waits. Takes the options of `retry`, with the same meaning; `maxTime` is looked at between attempts, as nothing can
 * interrupt one. Throws what `retry` rejects with; a TypeError when the operation, a handler or `sleep` returns a promise;
 * and an Error where blocking is not allowed and no `sleep` is given.
 */
export const retrySync = <T>(operation: (attempt: Attempt) => T extends PromiseLike<unknown> ? never : T, options: Options<T> = {}): T =>
  runSync(prepare(options), operation as Operation<T>)
