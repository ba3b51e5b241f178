import type { Stop } from '../types.ts'

/**
 * Never stops: says aloud that a call may go on for ever, as any `stop` takes the place of the default of three tries.
 *
 * @example
 * retry(load, { stop: stopNever(), signal })
 */
export const stopNever = (): Stop => () => false
