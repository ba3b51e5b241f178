import type { Stop } from '../types.ts'
import { asking } from './asking.ts'

/**
 * Stops only when all of the stops say so; without any, never. Throws for what is no function.
 *
 * @example
 * retry(load, { stop: stopAll(stopAfterAttempt(3), stopAfterDelay(10_000)) }) // at least three runs, and at least 10 s
 */
export const stopAll = <T = any>(...stops: Stop<T>[]): Stop<T> => {
  const asks = asking('stopAll', stops)
  return (details) => stops.length > 0 && stops.every((stop) => asks(stop, details))
}
