import { invalid } from '../check.ts'
import { answer } from '../thenable.ts'
import type { Condition } from '../types.ts'
import { ofExceptions } from './side.ts'

/**
 * Retries exceptions for which the predicate says `true`; never a returned value. Throws for what is no function, and for a predicate that
 * answers with a promise.
 *
 * @example
 * retry(load, { condition: retryIfException((error) => error.code === 'ECONNRESET') })
 */
export const retryIfException = (predicate: (exception: any) => boolean): Condition => {
  if (typeof predicate !== 'function') invalid('predicate', 'a function', predicate)
  return ofExceptions((exception) => answer('the predicate of retryIfException', predicate(exception)))
}
