import type { Condition, Details } from '../types.ts'
import { asking, type Sided } from './side.ts'

/**
 * Retries what one of the conditions would retry; without any, nothing. It speaks of exceptions, of values or of both, as its members do.
 * Throws for what is no function.
 *
 * @example
 * retry(load, { condition: retryAny(retryIfExceptionType(TypeError), retryIfResult((page) => page.stale)) })
 */
export const retryAny = <T = any>(...conditions: Condition<T>[]): Condition<T> => {
  const asks = asking('retryAny', conditions)
  return Object.assign((details: Details<T>) => conditions.some((condition) => asks(condition, details)), {
    exceptions: !conditions.length || conditions.some((condition: Sided) => condition.exceptions !== false),
    values: !conditions.length || conditions.some((condition: Sided) => condition.values !== false),
  })
}
