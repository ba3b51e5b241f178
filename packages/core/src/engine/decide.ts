import { atLeastZero, invalid } from '../check.ts'
import { isInstance } from '../condition/exception-type.ts'
import { answer } from '../thenable.ts'
import type { GiveupEnd } from '../types.ts'
import { finite, waitFor } from '../wait/ask.ts'
import { double } from '../wait/expo.ts'
import { type Call, record } from './call.ts'

/** Reads a property of what was thrown, which may be anything: also something that does not let itself be read. */
export const property = (thrown: any, name: string): unknown => {
  try {
    return thrown?.[name]
  } catch {
    return undefined
  }
}

/** Takes a yes or no. A function is neither: it is `stopNever` that was given for `stopNever()`. */
const yes = <Answer>(name: string, value: Answer): Answer => (typeof value === 'function' ? invalid(`the answer of ${name}`, 'yes or no', value) : answer(name, value))

/** Whether the outcome is one to be retried. */
const isRetried = (call: Call): boolean => {
  const { _failed, _result, _policy: { _exception, _rules: { condition, predicate } } } = call
  if (condition) return yes('condition', condition(record(call)))
  if (!_failed) return !!predicate && yes('predicate', predicate(_result))
  return property(_result, 'retryable') !== false && (_exception ? isInstance(_result, _exception) : !predicate)
}

/** How a call ends that goes no further. An outcome that is never to be retried is `'fatal'`, refused or not. */
export type Verdict = 'success' | GiveupEnd

/** What follows an outcome: the wait in ms before the next attempt, or the end of the call. */
export const decide = (call: Call): number | Verdict => {
  const { _failed, _result, _policy: { _maxTime, _maxTries, _wait = double, _jitter, _rules: { giveup, stop }, _plugins } } = call

  let given: unknown
  if (!_failed || property(_result, 'name') !== 'TryAgain') {
    if (!isRetried(call)) return _failed ? 'fatal' : 'success'
    if (_failed && giveup) given = answer('giveup', giveup(_result))
    if (given === true) return 'giveup'
  }

  // A wait that bounds the call is asked whether it has run out, whoever says how long.
  let wait = typeof given !== 'number' || finite(_wait) ? waitFor(_wait, record(call), _jitter) : given
  if (wait === undefined) return 'exhausted'
  if (typeof given === 'number') wait = atLeastZero('wait', given)

  if (call._tries >= (_maxTries as number)) return 'tries'
  // An endless wait is one, where there is no deadline.
  if ((_maxTime as number) < Infinity && call._elapsed + wait >= (_maxTime as number)) return 'time'
  if (stop || _plugins[0]) {
    call._wait = wait
    const details = record(call)
    if (stop && yes('stop', stop(details))) return 'stop'
    for (const plugin of _plugins) {
      const stops = plugin.stop && yes('stop', plugin.stop(details, _plugins))
      if (stops) return stops === 'refused' ? 'refused' : 'stop'
    }
  }
  return wait
}
