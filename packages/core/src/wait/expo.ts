import { nonNegative } from '../check.ts'
import { optionsOf } from '../seams/given.ts'
import type { Wait } from '../types.ts'
import { spread } from './marks.ts'

/** Options of `expo`. */
export interface ExpoOptions {
  /** What each wait is multiplied by to give the next. Default 2. */
  base?: number | undefined
  /** The first wait, in ms. Default 1,000. */
  factor?: number | undefined
  /** No wait is shorter, in ms, before jitter; above `maxValue` it wins. Default 0. */
  minValue?: number | undefined
  /** No wait is longer, in ms: a cap on one wait, not on the whole call. Default none. */
  maxValue?: number | undefined
}

/** The curve itself, its numbers unchecked. */
export const curve =
  (base: number, factor: number, maxValue: number) =>
  (details: { tries: number }): number =>
    // `|| 0`: nothing times an overflown power is still nothing, not NaN.
    Math.min(factor * base ** (details.tries - 1) || 0, maxValue, Number.MAX_VALUE)

/** `expo()`, for who needs no other. */
export const double: Wait = /* @__PURE__ */ Object.assign(/* @__PURE__ */ curve(2, 1_000, Infinity), { spread: true })

/**
 * Waits `factor · base^n` ms, at least `minValue` and at most `maxValue`: 1, 2, 4, 8 … seconds by default; spread by `fullJitter` unless the
 * call's `jitter` says otherwise. Saturates at `maxValue` or the largest number, however many attempts. Throws for an option that is no
 * number of 0 or more.
 *
 * @example
 * retry(load, { wait: expo({ factor: 100, maxValue: 10_000 }) }) // up to 100, 200, 400 … ms
 */
export const expo = (options: ExpoOptions = {}): Wait => {
  const { base = 2, factor = 1_000, minValue = 0, maxValue = Infinity } = optionsOf('expo', options, ['base', 'factor', 'minValue', 'maxValue'])
  nonNegative({ base, factor, minValue, maxValue })
  const rising = curve(base, factor, maxValue)
  return spread((details: { tries: number }) => Math.max(rising(details), minValue))
}
