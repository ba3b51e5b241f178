import type { Wait } from '../types.ts'

/** Does not wait. An added jitter (`randomJitter`) still does. */
export const waitNone = (): Wait => Object.assign(() => 0, { timeless: true })
