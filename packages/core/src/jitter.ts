import { random } from './shared.ts'

/**
 * Draws a wait between 0 and the given one: the default, as it keeps callers apart best.
 * "Full Jitter" of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 */
export const fullJitter = (wait: number): number =>
  // A finite wait, because 0 times Infinity is NaN. A NaN that comes in goes out, for the engine to refuse.
  random() * Math.min(wait, Number.MAX_VALUE)

/** Keeps half of the wait and draws the other half. "Equal Jitter" of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015). */
export const equalJitter = (wait: number): number => wait / 2 + fullJitter(wait / 2)

/** Adds up to 1,000 ms to the wait: it is then longer than asked, above a strategy's own cap too. */
export const randomJitter = (wait: number): number => wait + random() * 1_000
