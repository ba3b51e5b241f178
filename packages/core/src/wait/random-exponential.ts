import { invalid, nonNegative } from '../check.ts'
import { optionsOf } from '../seams/given.ts'
import { fullJitter } from '../jitter/full.ts'
import type { Wait } from '../types.ts'
import { curve } from './expo.ts'
import { drawn } from './marks.ts'

/** Options of `waitRandomExponential`. */
export interface WaitRandomExponentialOptions {
  /** The first upper bound, in ms. Default 1,000. */
  multiplier?: number | undefined
  /** What each upper bound is multiplied by to give the next. Default 2. */
  expBase?: number | undefined
  /** No wait is longer, in ms: a cap on one wait, not on the whole call. Default none. */
  maxValue?: number | undefined
  /** No wait is shorter, in ms: it bounds the wait itself, not the upper bound it is drawn under. Default 0. */
  minValue?: number | undefined
}

/**
 * Waits a random time between `minValue` and `multiplier · expBase^n` ms, at most `maxValue`; not jittered again.
 * "Full Jitter" of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), with a lower bound.
 * Throws for an option that is no number of 0 or more, and for a `minValue` above `maxValue`.
 *
 * @example
 * retry(load, { wait: waitRandomExponential({ multiplier: 100, maxValue: 10_000 }) }) // 0 to 100, 0 to 200, 0 to 400 … ms
 */
export const waitRandomExponential = (options: WaitRandomExponentialOptions = {}): Wait => {
  const { multiplier = 1_000, expBase = 2, maxValue = Infinity, minValue = 0 } = optionsOf('waitRandomExponential', options, ['multiplier', 'expBase', 'maxValue', 'minValue'])
  nonNegative({ multiplier, expBase, maxValue, minValue })
  if (minValue > maxValue) invalid('minValue', `maxValue (${maxValue}) or less`, minValue)
  const ceiling = curve(expBase, multiplier, maxValue)
  return drawn((details: Parameters<Wait>[0]) => {
    const high = Math.max(minValue, ceiling(details))
    return Math.min(minValue + (fullJitter(high - minValue) || 0), high)
  })
}
