import { nonNegative } from '../check.ts'
import { optionsOf } from '../seams/given.ts'
import { fullJitter } from '../jitter/full.ts'
import type { Wait } from '../types.ts'
import { drawn } from './marks.ts'

/** Options of `decorrelated`. */
export interface DecorrelatedOptions {
  /** No wait is shorter, in ms, unless `maxValue` is. Default 1,000. */
  base?: number | undefined
  /** No wait is longer, in ms: a cap on one wait, not on the whole call. Default 20,000. */
  maxValue?: number | undefined
}

/**
 * Waits a random time between `base` and three times the wait before it, at most `maxValue`; not jittered again.
 * "Decorrelated Jitter" of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 * Throws for an option that is no number of 0 or more.
 *
 * @example
 * retry(load, { wait: decorrelated({ base: 100, maxValue: 10_000 }) })
 */
export const decorrelated = (options: DecorrelatedOptions = {}): Wait => {
  const { base = 1_000, maxValue = 20_000 } = optionsOf('decorrelated', options, ['base', 'maxValue'])
  nonNegative({ base, maxValue })
  return drawn((details: { previousWait: number }) =>
    Math.min(base + (fullJitter(3 * Math.max(base, details.previousWait) - base) || 0), maxValue),
  )
}
