import { answer, report } from '@backon/core/kit'
import type { HedgeOutcome } from './hooks.ts'

/** Judges what has come of a copy; see `HedgeOptions.isFailure`. */
export type IsHedgeFailure<T = any> = (details: HedgeOutcome<T>) => boolean | 'ignore'

/** Makes a judge that always has an answer: where `isFailure` has none, which is reported once, what was thrown is a failure. */
export const judgeWith = (isFailure: IsHedgeFailure): IsHedgeFailure => {
  let told = false
  return (details) => {
    try {
      return answer('isFailure', isFailure(details))
    } catch (error) {
      if (!told) report(error)
      told = true
      return 'exception' in details
    }
  }
}
