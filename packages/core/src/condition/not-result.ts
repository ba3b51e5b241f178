import { invalid } from '../check.ts'
import { answer } from '../thenable.ts'
import type { Condition } from '../types.ts'
import { ofValues } from './side.ts'

/**
 * Retries returned values until the predicate says `true`; never an exception. Throws for what is no function, and for a predicate that
 * answers with a promise.
 *
 * @example
 * retry(poll, { condition: retryIfNotResult((job) => job.done), wait: 500, maxTries: 60 })
 */
export const retryIfNotResult = <T = any>(predicate: (value: T) => boolean): Condition<T> => {
  if (typeof predicate !== 'function') invalid('predicate', 'a function', predicate)
  return ofValues((value: T) => !answer('the predicate of retryIfNotResult', predicate(value)))
}
