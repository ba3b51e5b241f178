import type { Condition } from '../types.ts'

/**
 * Retries everything, returned values too: the call runs until it is stopped.
 *
 * @example
 * retry(tick, { condition: retryAlways(), wait: 1_000, maxTries: 10 }) // ten runs, whatever comes of them
 */
export const retryAlways = (): Condition => () => true
