import type { Stop } from '../types.ts'
import { asking } from './asking.ts'

/**
 * Stops as soon as one of the stops says so; without any, never. Throws for what is no function.
 *
 * @example
 * retry(load, { stop: stopAny(stopAfterAttempt(8), stopWhenEventSet(shutdown)) })
 */
export const stopAny = <T = any>(...stops: Stop<T>[]): Stop<T> => {
  const asks = asking('stopAny', stops)
  return (details) => stops.some((stop) => asks(stop, details))
}
