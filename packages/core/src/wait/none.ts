import type { Wait } from '../types.ts'

/**
 * Does not wait. A `jitter` that adds to it (`randomJitter`) still does.
 *
 * @example
 * retry(load, { wait: waitNone() })
 */
export const waitNone = (): Wait => Object.assign(() => 0, { timeless: true })
