import { invalid } from '../check.ts'
import { answer } from '../thenable.ts'
import type { Details, Wait } from '../types.ts'

/**
 * Waits as long as your function says, from the returned value or the exception: a rate limit's own figure, say.
 * In ms, and not jittered. `undefined` means there is nothing more to wait for and ends the call. Throws for what is no function, and for one
 * that answers with a promise.
 *
 * @example
 * retry(load, { wait: runtime((outcome) => outcome.retryInMs ?? 1_000) })
 */
export const runtime = <T = any>(value: (valueOrException: any, details: Details<T>) => number | undefined): Wait<T> => {
  if (typeof value !== 'function') invalid('value', 'a function', value)
  return Object.assign(
    (details: Details<T>) => answer('the function of runtime', value('exception' in details ? details.exception : details.value, details)),
    { exact: true },
  )
}
