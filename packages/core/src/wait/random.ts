import { invalid, nonNegative } from '../check.ts'
import { optionsOf } from '../seams/given.ts'
import { fullJitter } from '../jitter/full.ts'
import type { Wait } from '../types.ts'
import { drawn } from './marks.ts'

/** Options of `waitRandom`. */
export interface WaitRandomOptions {
  /** No wait is shorter, in ms. Default 0. */
  min?: number | undefined
  /** No wait is longer, in ms. Default 1,000. */
  max?: number | undefined
}

/**
 * Waits a random time between `min` and `max` ms, evenly drawn, and not jittered again.
 * Throws for an option that is no number of 0 or more, and for a `min` above `max`.
 *
 * @example
 * retry(load, { wait: waitRandom({ min: 200, max: 400 }) })
 */
export const waitRandom = (options: WaitRandomOptions = {}): Wait => {
  const { min = 0, max = 1_000 } = optionsOf('waitRandom', options, ['min', 'max'])
  nonNegative({ min, max })
  if (min > max) invalid('min', `max (${max}) or less`, min)
  return drawn(() => Math.min(min + (fullJitter(max - min) || 0), max))
}
