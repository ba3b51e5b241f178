import { atLeastZero } from '../check.ts'
import { fullJitter } from '../jitter/full.ts'
import { answer } from '../thenable.ts'
import type { Details, Jitter, Wait } from '../types.ts'

/** What may stand for a wait: a strategy, a number of ms, or a list of them that is played once. */
export type WaitLike<T = any> = Wait<T> | number | readonly number[]

/**
 * Asks how long to wait, in ms, by the call's `jitter`: `undefined` spreads what is marked `spread`, a function spreads everything that is not
 * `exact`, `null` nothing. Gives `undefined` once the wait has run out. Throws for an answer that is no number of 0 or more.
 */
export const waitFor = (wait: WaitLike, details: Details, jitter?: Jitter | null): number | undefined => {
  let marks: Partial<Wait> = {}
  let ms: unknown = wait
  if (typeof wait === 'function') {
    marks = wait
    ms = answer('wait', wait.composite ? wait(details, jitter) : wait(details))
    // `wait: expo` for `wait: expo()`: the function that was given is the one to name.
    if (typeof ms === 'function') ms = wait
  } else if (typeof wait === 'object') ms = wait[details.tries - 1]
  if (ms === undefined) return undefined
  const given = atLeastZero('wait', ms)
  const spread = jitter === undefined && marks.spread ? fullJitter : jitter
  return spread && !marks.exact && !marks.composite ? atLeastZero('jitter(wait)', answer('jitter', spread(given))) : given
}

/** Whether a wait is a bound by itself: it runs out by `tries` alone. */
export const finite = (wait: WaitLike | undefined): boolean => typeof wait === 'object' || !!(wait as Wait | undefined)?.finite
