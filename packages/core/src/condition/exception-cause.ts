import type { Condition, ErrorClass } from '../types.ts'
import { errorClasses, isInstance } from './exception-type.ts'

/**
 * Retries exceptions that were caused by one of the given classes: their `cause`, its `cause`, and so on, also round in a circle.
 * The exception itself is not asked, and neither is a returned value. Throws for an empty list and for what is no class.
 */
export const retryIfExceptionCause = (...types: readonly ErrorClass[] | readonly [readonly ErrorClass[]]): Condition => {
  const classes = errorClasses(types)
  return (details) => {
    const seen = new Set<unknown>([undefined, null])
    for (let at: any = details.exception; !seen.has(at); ) {
      seen.add(at)
      at = at.cause
      if (isInstance(at, classes)) return true
    }
    return false
  }
}
