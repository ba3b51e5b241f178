import { isThenable, report } from '@backon/core/kit'
import type { HedgeOutcome } from './hooks.ts'

/** Judges what has come of a copy; see `HedgeOptions.isFailure`. */
export type IsHedgeFailure<T = any> = (details: HedgeOutcome<T>) => boolean | 'ignore'

/** Makes a judge that always has an answer: what is wrong with `isFailure` is reported once, and what was thrown is a failure. */
export const judgeWith = (isFailure: IsHedgeFailure): IsHedgeFailure => {
  let told = false
  const fault = (error: unknown): void => {
    if (!told) report(error)
    told = true
  }
  return (details) => {
    try {
      const verdict: any = isFailure(details)
      if (!isThenable(verdict)) return verdict === 'ignore' ? verdict : !!verdict
      fault(new TypeError('isFailure must answer at once, not with a promise: decide inside the operation'))
      verdict.then(undefined, () => {})
    } catch (error) {
      fault(error)
    }
    return 'exception' in details
  }
}
