import type { Condition } from '../types.ts'
import { type ErrorClasses, errorClasses, isInstance } from './exception-type.ts'
import { ofExceptions } from './side.ts'

/**
 * Retries every exception but those of the given classes (one by one or as a list) and of their subclasses. Never a returned value.
 * Throws for an empty list and for what is no class.
 *
 * @example
 * retry(load, { condition: retryIfNotExceptionType(SyntaxError, RangeError) })
 */
export const retryIfNotExceptionType = (...types: ErrorClasses): Condition => {
  const classes = errorClasses(types)
  return ofExceptions((exception) => !isInstance(exception, classes))
}
