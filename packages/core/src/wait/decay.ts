import { nonNegative } from '../check.ts'
import { optionsOf } from '../seams/given.ts'
import type { Wait } from '../types.ts'
import { spread } from './marks.ts'

/** Options of `decay`. */
export interface DecayOptions {
  /** The first wait, in ms. Default 1,000. */
  initialValue?: number | undefined
  /** How fast waits shrink: each is `e^decayFactor` times shorter than the one before. Default 1; 0 does not shrink. */
  decayFactor?: number | undefined
  /** No wait is shorter, in ms; the first neither. Default 0. */
  minValue?: number | undefined
}

/**
 * Waits `initialValue · e^(−n · decayFactor)` ms, at least `minValue`: 1,000, 368, 135 … by default; spread by `fullJitter` unless the
 * call's `jitter` says otherwise. Throws for an option that is no number of 0 or more.
 *
 * @example
 * retry(load, { wait: decay({ initialValue: 10_000, minValue: 500 }) }) // up to 10,000, 3,679, 1,353, 500, 500 … ms
 */
export const decay = (options: DecayOptions = {}): Wait => {
  const { initialValue = 1_000, decayFactor = 1, minValue = 0 } = optionsOf('decay', options, ['initialValue', 'decayFactor', 'minValue'])
  nonNegative({ initialValue, decayFactor, minValue })
  return spread(
    // Each `|| 0` is for an endless option times 0.
    (details: { tries: number }) =>
      Math.max(initialValue * Math.exp((1 - details.tries) * decayFactor || 0) || 0, minValue),
  )
}
