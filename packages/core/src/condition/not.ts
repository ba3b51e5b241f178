import type { Condition, Details } from '../types.ts'
import { asking, type Sided, speaksOf } from './side.ts'

/**
 * Retries what the condition would not, of the outcomes that it speaks of: of a condition about exceptions the negation is one about exceptions,
 * and still says no to every returned value; and the other way round. A function of your own speaks of both, and is negated as it stands:
 * where it says no to a success, its negation retries it. Throws for what is no function.
 *
 * @example
 * retry(load, { condition: retryNot(retryIfExceptionType(SyntaxError)) }) // every exception but these
 */
export const retryNot = <T = any>(condition: Condition<T>): Condition<T> => {
  const asks = asking('retryNot', [condition])
  const { exceptions, values } = condition as Sided
  return Object.assign((details: Details<T>) => speaksOf(condition, details) && !asks(condition, details), { exceptions, values })
}
