import { nonNegative } from '../check.ts'
import { optionsOf } from '../seams/given.ts'
import { fullJitter } from '../jitter/full.ts'
import type { Wait } from '../types.ts'
import { expo } from './expo.ts'
import { drawn } from './marks.ts'

/** Options of `waitExponentialJitter`. */
export interface WaitExponentialJitterOptions {
  /** The first wait before jitter, in ms. Default 1,000. */
  initial?: number | undefined
  /** No wait is longer, jitter included, in ms: a cap on one wait, not on the whole call. Default 60,000. */
  max?: number | undefined
  /** What each wait is multiplied by to give the next. Default 2. */
  expBase?: number | undefined
  /** At most this is added to each wait, in ms, evenly drawn. Default 1,000. */
  jitter?: number | undefined
}

/**
 * Waits `initial · expBase^n` plus a random part of `jitter` ms, at most `max` in all; not jittered again.
 * Once the power alone reaches `max`, every wait is `max`: callers are then no longer spread.
 * Throws for an option that is no number of 0 or more.
 *
 * @example
 * retry(load, { wait: waitExponentialJitter({ initial: 100, jitter: 50 }) }) // 100 to 150, 200 to 250, 400 to 450 … ms
 */
export const waitExponentialJitter = (options: WaitExponentialJitterOptions = {}): Wait => {
  const { initial = 1_000, max = 60_000, expBase = 2, jitter = 1_000 } = optionsOf('waitExponentialJitter', options, ['initial', 'max', 'expBase', 'jitter'])
  nonNegative({ initial, max, expBase, jitter })
  const power = expo({ factor: initial, base: expBase, maxValue: max })
  return drawn((details: Parameters<Wait>[0]) => Math.min(power(details)! + fullJitter(jitter), max))
}
