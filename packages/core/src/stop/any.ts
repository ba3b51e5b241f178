import { invalid } from '../check.ts'
import type { Stop } from '../types.ts'

/** Stops as soon as one of the stops says so; without any, never. Throws for what is no function. */
export const stopAny = <T = any>(...stops: Stop<T>[]): Stop<T> => {
  for (const stop of stops) if (typeof stop !== 'function') invalid('stop', 'a function', stop)
  return (details) => stops.some((stop) => stop(details))
}
