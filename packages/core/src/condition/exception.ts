import { invalid } from '../check.ts'
import type { Condition } from '../types.ts'

/** Retries exceptions for which the predicate says `true`; never a returned value. Throws for what is no function. */
export const retryIfException = (predicate: (exception: any) => boolean): Condition => {
  if (typeof predicate !== 'function') invalid('predicate', 'a function', predicate)
  return (details) => 'exception' in details && predicate(details.exception)
}
