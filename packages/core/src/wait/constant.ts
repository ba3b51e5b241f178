import { nonNegative } from '../check.ts'
import type { Wait } from '../types.ts'

/**
 * Waits the same number of ms each time, 1,000 by default; or plays a list of them once and has then run out, which ends the call.
 * An empty list has run out at once. The list is copied. Throws for anything that is no number of 0 or more.
 */
export const constant = (interval: number | readonly number[] = 1_000): Wait => {
  const list = ([] as readonly number[]).concat(interval)
  for (const interval of list) nonNegative({ interval })
  return Object.assign((details: { tries: number }) => list[typeof interval === 'number' ? 0 : details.tries - 1], { timeless: true })
}
