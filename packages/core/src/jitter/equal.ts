import { fullJitter } from './full.ts'

/**
 * Keeps half of the wait and draws the other half. "Equal Jitter" of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 *
 * @example
 * retry(load, { jitter: equalJitter }) // 500 to 1,000 ms, 1 to 2 s …
 */
export const equalJitter = (wait: number): number => wait / 2 + fullJitter(wait / 2)
