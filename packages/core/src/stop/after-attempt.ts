import { invalid } from '../check.ts'
import type { Stop } from '../types.ts'

/**
 * Stops once `tries` attempts have run, the first included. Throws for anything but an integer of 1 or more, or `Infinity`.
 *
 * @example
 * retry(load, { stop: stopAfterAttempt(5) })
 */
export const stopAfterAttempt = (tries: number): Stop => {
  // `% 1` of Infinity is NaN, so it passes.
  if (!(typeof tries === 'number' && tries >= 1) || tries % 1) invalid('tries', 'an integer of 1 or more, or Infinity', tries)
  return (details) => details.tries >= tries
}
