import { invalid } from '../check.ts'
import type { Details, Wait } from '../types.ts'

/**
 * Waits as long as your function says, from the returned value or the exception: a rate limit's own figure, say.
 * In ms, and not jittered. `undefined` means there is nothing more to wait for and ends the call. Throws for what is no function.
 */
export const runtime = <T = any>(value: (valueOrException: any, details: Details<T>) => number | undefined): Wait<T> => {
  if (typeof value !== 'function') invalid('value', 'a function', value)
  return Object.assign(
    (details: Details<T>) => value('exception' in details ? details.exception : details.value, details),
    { exact: true },
  )
}
