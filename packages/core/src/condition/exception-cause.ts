import type { Condition } from '../types.ts'
import { type ErrorClasses, errorClasses, isInstance } from './exception-type.ts'
import { ofExceptions } from './side.ts'

/** From so many errors on, no further causes are looked for. */
const most = 1_000

/** What an error gives as its causes: its `cause`, and the `errors` of an aggregate. What throws when it is read has none. */
const causesOf = (error: any): readonly unknown[] => {
  try {
    const { cause, errors } = error
    return Array.isArray(errors) ? [cause, ...errors.slice(0, most)] : [cause]
  } catch {
    return []
  }
}

/**
 * Retries exceptions that were caused by one of the given classes: their `cause`, its `cause`, and so on, and the `errors` of each
 * AggregateError on the way; also round in a circle, and until a thousand errors have been found. The exception itself is not asked, and neither is
 * a returned value. Throws for an empty list and for what is no class.
 *
 * @example
 * retry(load, { condition: retryIfExceptionCause(SocketError) }) // fetch: TypeError('fetch failed', { cause: SocketError })
 */
export const retryIfExceptionCause = (...types: ErrorClasses): Condition => {
  const classes = errorClasses(types)
  return ofExceptions((exception) => {
    // A Set is gone through in order while it grows, and holds each error once.
    const seen = new Set([exception])
    for (const error of seen) {
      if (error !== exception && isInstance(error, classes)) return true
      // What is gone through stays as it is once there is enough of it: no further error is read.
      for (const cause of seen.size < most ? causesOf(error) : []) seen.add(cause)
    }
    return false
  })
}
