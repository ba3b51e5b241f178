import { invalid } from '../check.ts'
import { answer } from '../thenable.ts'
import type { Condition, Details } from '../types.ts'

/**
 * A condition, and of which outcomes it speaks: `false` marks the side to which it always says no. Its negation says no to that side too. A
 * function of one's own has no marks: it speaks of both.
 */
export interface Sided<T = any> extends Condition<T> {
  readonly exceptions?: boolean
  readonly values?: boolean
}

const isException = (details: Details): boolean => 'exception' in details

/** Says whether a condition speaks of this outcome at all. */
export const speaksOf = (condition: Sided, details: Details): boolean => condition[isException(details) ? 'exceptions' : 'values'] !== false

/** Makes a condition about exceptions: no to every returned value. */
export const ofExceptions = (retried: (exception: unknown) => boolean): Condition =>
  Object.assign((details: Details) => isException(details) && retried(details.exception), { values: false })

/** Makes a condition about returned values: no to every exception. */
export const ofValues = <T>(retried: (value: T) => boolean): Condition<T> =>
  Object.assign((details: Details<T>) => !isException(details) && retried(details.value as T), { exceptions: false })

/** Checks conditions, and gives back how to ask one: for a promise it throws. */
export const asking = (name: string, conditions: readonly Condition[]): ((condition: Condition, details: Details) => boolean) => {
  for (const condition of conditions) if (typeof condition !== 'function') invalid('condition', 'a function', condition)
  return (condition, details) => answer(`a condition of ${name}`, condition(details))
}
