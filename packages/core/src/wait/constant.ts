import { nonNegative } from '../check.ts'
import type { Wait } from '../types.ts'
import { spread } from './marks.ts'

/**
 * Waits the same number of ms each time, 1,000 by default; or plays a list of them once and has then run out, which ends the call.
 * Spread by `fullJitter` unless the call's `jitter` says otherwise: `wait: constant(500)` waits up to 500 ms, `wait: 500` waits 500 ms.
 * An empty list has run out at once. The list is copied. Throws for anything that is no number of 0 or more.
 *
 * @example
 * retry(load, { wait: constant([100, 500, 2_000]) }) // four runs, with up to 100, 500 and 2,000 ms between them
 */
export const constant = (interval: number | readonly number[] = 1_000): Wait => {
  const list = ([] as readonly number[]).concat(interval)
  for (const interval of list) nonNegative({ interval })
  const finite = typeof interval !== 'number'
  return Object.assign(spread((details: { tries: number }) => list[finite ? details.tries - 1 : 0]), { finite })
}
