import { invalid } from '../check.ts'
import type { Condition } from '../types.ts'

/**
 * Retries what the condition would not. That includes returned values where the condition asks for exceptions: for "every
 * exception but these", write `retryAll(retryIfException(() => true), retryNot(retryIfExceptionType(Fatal)))`. Throws for what is no function.
 */
export const retryNot = <T = any>(condition: Condition<T>): Condition<T> => {
  if (typeof condition !== 'function') invalid('condition', 'a function', condition)
  return (details) => !condition(details)
}
