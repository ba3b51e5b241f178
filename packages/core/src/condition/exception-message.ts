import { invalid } from '../check.ts'
import type { Condition } from '../types.ts'
import { ofExceptions } from './side.ts'

/** The message of an exception, or what it looks like as a string; `undefined` when it does not let itself be read. */
const messageOf = (exception: any): string | undefined => {
  try {
    const message = exception?.message
    return typeof message === 'string' ? message : String(exception)
  } catch {
    return undefined
  }
}

/**
 * Retries exceptions whose message contains the text, upper and lower case told apart, or matches the RegExp, whose `lastIndex`
 * neither matters nor changes. What has no message is read as a string. Never a returned value. Throws for any other pattern.
 *
 * @example
 * retry(load, { condition: retryIfExceptionMessage(/socket hang up|ECONNRESET/) })
 */
export const retryIfExceptionMessage = (pattern: string | RegExp): Condition => {
  if (typeof pattern !== 'string' && !(pattern instanceof RegExp)) invalid('pattern', 'a string or a RegExp', pattern)
  // A copy, because a frozen RegExp with `g` or `y` cannot be run at all.
  const matches =
    typeof pattern === 'string'
      ? (message: string) => message.includes(pattern)
      : ((copy) => (message: string) => message.search(copy) >= 0)(new RegExp(pattern))
  return ofExceptions((exception) => {
    const message = messageOf(exception)
    return message !== undefined && matches(message)
  })
}
