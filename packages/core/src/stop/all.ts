import { invalid } from '../check.ts'
import type { Stop } from '../types.ts'

/** Stops only when all of the stops say so; without any, never. Throws for what is no function. */
export const stopAll = <T = any>(...stops: Stop<T>[]): Stop<T> => {
  for (const stop of stops) if (typeof stop !== 'function') invalid('stop', 'a function', stop)
  return (details) => stops.length > 0 && stops.every((stop) => stop(details))
}
