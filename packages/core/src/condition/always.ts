import type { Condition } from '../types.ts'

/** Retries everything, returned values too: the call runs until it is stopped. */
export const retryAlways = (): Condition => () => true
