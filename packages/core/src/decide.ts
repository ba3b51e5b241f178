import { type Call, record } from './call.ts'
import { atLeastZero } from './check.ts'
import { isInstance } from './condition/exception-type.ts'
import type { Details } from './types.ts'

/** The call has succeeded. */
export const DONE = -1
/** An outcome that would be retried, and must not be any more. */
export const GIVE_UP = -2
/** An exception that was never to be retried. */
export const FATAL = -3

/** What follows an outcome: `DONE`, `GIVE_UP`, `FATAL`, or the wait in ms before the next attempt. */
export const decide = (call: Call, details: Details): number => {
  const { _policy: policy, _failed: failed } = call
  const { _condition, _exception, _predicate, _wait, _jitter, _stop } = policy
  const result = call._result as any
  if (call._expired && failed) return GIVE_UP

  let wait: number | boolean | null | undefined
  if (!failed || result?.name !== 'TryAgain') {
    const retried =
      _condition ? _condition(details)
      : failed ? result?.retryable !== false && (_exception ? isInstance(result, _exception) : !_predicate)
      : _predicate?.(result)
    if (!retried) return failed ? FATAL : DONE
    if (call._expired) return GIVE_UP
    if (failed) wait = policy._giveup?.(result)
    if (wait === true) return GIVE_UP
  }
  if (typeof wait !== 'number') {
    wait = typeof _wait === 'function' ? _wait(details) : typeof _wait === 'number' ? _wait : _wait[call._tries - 1]
    if (wait === undefined) return GIVE_UP
    if (_jitter && !(_wait as any).exact) wait = _jitter(wait)
  }
  atLeastZero('wait', wait)
  // An endless wait is one, where there is no deadline.
  if (call._tries >= policy._maxTries || (policy._maxTime < Infinity && details.elapsed + wait >= policy._maxTime)) return GIVE_UP
  if (_stop || policy._plugins[0]) {
    const decided = record(call, wait)
    if (_stop?.(decided) || policy._plugins.some((plugin) => plugin.stop?.(decided))) return GIVE_UP
  }
  return wait
}
