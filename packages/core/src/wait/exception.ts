import { invalid } from '../check.ts'
import { answer } from '../thenable.ts'
import type { Details, Wait } from '../types.ts'

/**
 * Waits as long as your function says, from the exception; 0 after a returned value.
 * In ms, and not jittered. `undefined` means there is nothing more to wait for and ends the call. Throws for what is no function, and for one
 * that answers with a promise.
 *
 * @example
 * retry(load, { wait: waitException((error) => (error.code === 'EBUSY' ? 5_000 : 100)) })
 */
export const waitException = <T = any>(value: (exception: any, details: Details<T>) => number | undefined): Wait<T> => {
  if (typeof value !== 'function') invalid('value', 'a function', value)
  return Object.assign((details: Details<T>) => ('exception' in details ? answer('the function of waitException', value(details.exception, details)) : 0), { exact: true })
}
