import { invalid } from '../check.ts'
import type { Condition } from '../types.ts'

/** Retries what all of the conditions would retry; without any, nothing. Throws for what is no function. */
export const retryAll = <T = any>(...conditions: Condition<T>[]): Condition<T> => {
  for (const condition of conditions) if (typeof condition !== 'function') invalid('condition', 'a function', condition)
  return (details) => conditions.length > 0 && conditions.every((condition) => condition(details))
}
