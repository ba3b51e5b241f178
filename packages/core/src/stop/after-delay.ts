import { nonNegative } from '../check.ts'
import type { Stop } from '../types.ts'

/**
 * Stops once `delay` ms have passed since the call began, measured after an attempt: a wait may still end later than that
 * (`stopBeforeDelay` minds it), and no attempt is cut short (`maxTime` does that). Throws for what is no number of 0 or more.
 *
 * @example
 * retry(load, { stop: stopAfterDelay(30_000) })
 */
export const stopAfterDelay = (delay: number): Stop => {
  nonNegative({ delay })
  return (details) => details.elapsed >= delay
}
