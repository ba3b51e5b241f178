import type { Attempt, Clock } from '@backon/core'
import { arm, waitFor } from '@backon/core/kit'
import { facts } from './hooks.ts'
import type { Plan } from './options.ts'

/** When the copies of one attempt start: by time, or at once when one has failed; and only if they are paid for. */
export interface Pace {
  readonly _plan: Plan
  readonly _attempt: Attempt
  readonly _clock: Clock
  /** Copies sent so far, and at most: fewer than `maxHedge` when the wait has run out or the budget is spent. */
  _sent: number
  _most: number
  /** Copies that are paid for and wait for what `onHedge` has promised. */
  _waiting: number
  /** How long the next copy has to wait, once the strategy has been asked. */
  _wait: number | undefined
  /** The allowance was asked for the next copy before, and said no. */
  _asked: boolean
  /** No copy starts any more. */
  _closed: boolean
  timer: unknown
}

/** How long the next copy has to wait after the one before it; `undefined` when there is none to come. */
export const delay = (pace: Pace): number | undefined => {
  const { _attempt, _plan, _sent } = pace
  if (pace._closed || _sent >= pace._most) return undefined
  if (pace._wait === undefined) {
    // The details are those of the attempt, but n counts copies.
    pace._wait = waitFor(_plan.wait, { ..._attempt.details, tries: _sent }, null)
    if (pace._wait === undefined) pace._most = _sent
  }
  return pace._wait
}

/** Pays for the next copy, if there is one to come: with the allowance, in which `needed` copies have to be saved, and with the budget. */
export const pay = (pace: Pace, needed: number): boolean => {
  const { _attempt, _plan, _sent } = pace
  if (delay(pace) === undefined) return false
  if (_plan._saved < needed) pace._asked = true
  else if (_plan.budget?.take('copy', facts(_attempt, _sent + 1), _attempt.plugins) === false) pace._most = _sent
  else {
    _plan._saved--
    return true
  }
  return false
}

/** A copy that was paid for has not run. */
export const giveBack = ({ _plan }: Pace): void => {
  _plan._saved++
  _plan.budget?.giveBack('copy')
}

const stop = (pace: Pace): void => {
  if (pace.timer === undefined) return
  pace._clock.clearTimeout(pace.timer)
  pace.timer = undefined
}

/** Counts a copy, and gives its number. */
export const count = (pace: Pace): number => {
  stop(pace)
  pace._wait = undefined
  pace._asked = false
  return ++pace._sent
}

/**
 * Calls back when the next copy is due. The last copy saved is for who was refused before: most answers that are only a little late
 * have come by then.
 */
export const whenDue = (pace: Pace, due: (needed: number) => void): void => {
  if (pace.timer !== undefined) return
  const wait = delay(pace)
  if (!wait || wait === Infinity) return
  arm(pace, pace._clock, wait, () => {
    pace.timer = undefined
    due(pace._asked ? 1 : 2)
  })
}

/** No copy starts any more, not even one that waits. */
export const close = (pace: Pace): void => {
  stop(pace)
  pace._closed = true
  for (; pace._waiting; pace._waiting--) giveBack(pace)
}
