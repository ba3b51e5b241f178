import { invalid } from '../check.ts'
import type { Condition } from '../types.ts'

/** Retries what one of the conditions would retry; without any, nothing. Throws for what is no function. */
export const retryAny = <T = any>(...conditions: Condition<T>[]): Condition<T> => {
  for (const condition of conditions) if (typeof condition !== 'function') invalid('condition', 'a function', condition)
  return (details) => conditions.some((condition) => condition(details))
}
