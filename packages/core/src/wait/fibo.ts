import { nonNegative } from '../check.ts'
import { optionsOf } from '../seams/given.ts'
import type { Wait } from '../types.ts'
import { spread } from './marks.ts'

/** Options of `fibo`. */
export interface FiboOptions {
  /** The first wait, and the second, in ms. Default 1,000. */
  factor?: number | undefined
  /** No wait is longer, in ms: a cap on one wait, not on the whole call. Default none. */
  maxValue?: number | undefined
}

/**
 * Waits `factor` times the Fibonacci numbers, at most `maxValue`: 1, 1, 2, 3, 5, 8 … seconds by default; spread by `fullJitter`
 * unless the call's `jitter` says otherwise. Saturates at `maxValue` or the largest number. Throws for an option that is no number of 0 or more.
 *
 * @example
 * retry(load, { wait: fibo({ factor: 100 }) }) // up to 100, 100, 200, 300, 500 … ms
 */
export const fibo = (options: FiboOptions = {}): Wait => {
  const { factor = 1_000, maxValue = Infinity } = optionsOf('fibo', options, ['factor', 'maxValue'])
  nonNegative({ factor, maxValue })
  return spread((details: { tries: number }) => {
    let value = 1
    // Past the largest number nothing changes any more: the loop has an end even for a billion attempts.
    for (let next = 1, n = details.tries; --n > 0 && value < Infinity; ) [value, next] = [next, value + next]
    return Math.min(factor * value || 0, maxValue, Number.MAX_VALUE)
  })
}
