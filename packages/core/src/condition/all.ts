import type { Condition, Details } from '../types.ts'
import { asking, type Sided } from './side.ts'

/**
 * Retries what all of the conditions would retry; without any, nothing. One about exceptions among them makes the whole one about exceptions.
 * Throws for what is no function.
 *
 * @example
 * retry(load, { condition: retryAll(retryIfException(isNetworkError), ({ tries }) => tries < 10) })
 */
export const retryAll = <T = any>(...conditions: Condition<T>[]): Condition<T> => {
  const asks = asking('retryAll', conditions)
  return Object.assign((details: Details<T>) => conditions.length > 0 && conditions.every((condition) => asks(condition, details)), {
    exceptions: conditions.every((condition: Sided) => condition.exceptions !== false),
    values: conditions.every((condition: Sided) => condition.values !== false),
  })
}
