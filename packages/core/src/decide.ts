import type { Call } from './call.ts'
import { record } from './call.ts'
import { invalid } from './check.ts'
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
  const { _policy: policy, _failed: failed, _result: result } = call as any as Call & { _result: any }
  const { _condition, _exception, _predicate, _wait, _jitter, _stop } = policy
  let wait: number | boolean | null | undefined
  if (call._expired) return GIVE_UP
  if (!failed || result?.name !== 'TryAgain') {
    if (
      !(_condition ? _condition(details)
      : failed ? result?.retryable !== false && (_exception ? isInstance(result, _exception) : !_predicate)
      : _predicate?.(result))
    ) return failed ? FATAL : DONE
    if (failed && (wait = policy._giveup?.(result)) === true) return GIVE_UP
  }
  if (typeof wait !== 'number') {
    wait = _wait(details)
    if (wait === undefined) return GIVE_UP
    if (_jitter && !_wait.exact) wait = _jitter(wait)
  }
  if (!(wait >= 0)) invalid('wait', 'a number of 0 or more', wait)
  if (call._tries >= call._maxTries || details.elapsed + wait >= call._maxTime) return GIVE_UP
  const decided = record(call, wait)
  return _stop?.(decided) || policy._plugins.some((plugin) => plugin.stop?.(decided)) ? GIVE_UP : wait
}
