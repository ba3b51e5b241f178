import { invalid, nonNegative } from '../check.ts'
import { optionsOf } from '../seams/given.ts'
import type { Wait } from '../types.ts'
import { spread } from './marks.ts'

/** Options of `waitIncrementing`. */
export interface WaitIncrementingOptions {
  /** The first wait, in ms. Default 1,000. */
  start?: number | undefined
  /** What each further wait is longer by, in ms; below 0 it is shorter. Default 1,000. */
  increment?: number | undefined
  /** No wait is longer, in ms: a cap on one wait, not on the whole call. Default none. */
  maxValue?: number | undefined
}

/**
 * Waits `start + n · increment` ms, at least 0 and at most `maxValue`: 1, 2, 3 … seconds by default; spread by `fullJitter` unless
 * the call's `jitter` says otherwise. Throws for an increment that is no finite number and for another option that is no number of 0 or more.
 *
 * @example
 * retry(load, { wait: waitIncrementing({ start: 100, increment: 50 }) }) // up to 100, 150, 200 … ms
 */
export const waitIncrementing = (options: WaitIncrementingOptions = {}): Wait => {
  const { start = 1_000, increment = 1_000, maxValue = Infinity } = optionsOf('waitIncrementing', options, ['start', 'increment', 'maxValue'])
  nonNegative({ start, maxValue })
  if (!Number.isFinite(increment)) invalid('increment', 'a finite number', increment)
  return spread(
    // `|| 0`: an endless start that an overflowed increment takes back.
    (details: { tries: number }) =>
      Math.min(Math.max(start + (details.tries - 1) * increment || 0, 0), maxValue, Number.MAX_VALUE),
  )
}
