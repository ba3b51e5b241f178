import { invalid } from '../check.ts'
import type { Condition } from '../types.ts'

/** Retries returned values until the predicate says `true`; never an exception. Throws for what is no function. */
export const retryIfNotResult = <T = any>(predicate: (value: T) => boolean): Condition<T> => {
  if (typeof predicate !== 'function') invalid('predicate', 'a function', predicate)
  return (details) => !('exception' in details) && !predicate(details.value as T)
}
