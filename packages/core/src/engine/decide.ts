import { type Call, record } from './call.ts'
import { atLeastZero, listOf } from '../check.ts'
import { isInstance } from '../condition/exception-type.ts'
import { fullJitter } from '../jitter/full.ts'
import { double } from '../wait/expo.ts'

// Each is the place in the engine's loop where the call goes on, below zero: no wait can be mistaken for it.
/** The call has succeeded. */
export const DONE = -9
/** An exception that was never to be retried. */
export const FATAL = -11
/** An outcome that would be retried, and must not be any more. */
export const GIVE_UP = -14

/** What follows an outcome: `DONE`, `GIVE_UP`, `FATAL`, or the wait in ms before the next attempt. */
export const decide = (call: Call): number => {
  const { _failed: failed, _result: result } = call
  const { _options, _plugins } = call._policy
  const { wait: strategy = double, jitter = fullJitter, exception, predicate, condition, giveup, stop } = _options

  let wait: unknown
  if (!failed || result?.name !== 'TryAgain') {
    const retried =
      condition ? condition(record(call))
      : failed ? result?.retryable !== false && (exception ? isInstance(result, listOf(exception)) : !predicate)
      : predicate?.(result)
    if (!retried) return failed ? FATAL : DONE
    if (failed) wait = giveup?.(result)
    if (wait === true) return GIVE_UP
  }
  if (typeof wait !== 'number') {
    wait = typeof strategy === 'function' ? strategy(record(call)) : typeof strategy === 'number' ? strategy : strategy[call._tries - 1]
    if (wait === undefined) return GIVE_UP
    if (jitter && !(strategy as any).exact) wait = jitter(atLeastZero('wait', wait))
  }
  const ms = atLeastZero('wait', wait)
  // An endless wait is one, where there is no deadline.
  if (call._tries >= call._maxTries || (call._maxTime < Infinity && call._ended! - call._started + ms >= call._maxTime)) return GIVE_UP
  if (stop || _plugins[0]) {
    call._wait = ms
    const details = record(call)
    if (stop?.(details) || _plugins.some((plugin) => plugin.stop?.(details))) return GIVE_UP
  }
  return ms
}
