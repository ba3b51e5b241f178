import { nonNegative } from '../check.ts'
import type { Stop } from '../types.ts'

/**
 * Stops when the wait to come would end `delay` ms after the call began, or later: nobody sleeps towards an attempt that comes too late.
 * No attempt is cut short (`maxTime` does that). Throws for what is no number of 0 or more.
 *
 * @example
 * retry(load, { stop: stopBeforeDelay(30_000) })
 */
export const stopBeforeDelay = (delay: number): Stop => {
  nonNegative({ delay })
  return (details) => details.elapsed + (details.wait ?? 0) >= delay
}
