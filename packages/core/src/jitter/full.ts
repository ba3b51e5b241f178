import { random } from './draw.ts'

/**
 * Draws a wait between 0 and the given one: what spreads `expo`, `constant`, `fibo`, `decay` and `waitIncrementing` by default, as it
 * keeps callers apart best.
 * "Full Jitter" of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 *
 * @example
 * retry(load, { wait: 500, jitter: fullJitter }) // up to 500 ms
 */
export const fullJitter = (wait: number): number =>
  // A finite wait, because 0 times Infinity is NaN. A NaN that comes in goes out, for the engine to refuse.
  random() * Math.min(wait, Number.MAX_VALUE)
