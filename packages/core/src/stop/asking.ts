import { invalid } from '../check.ts'
import { answer } from '../thenable.ts'
import type { Details, Stop } from '../types.ts'

/** Checks stops, and gives back how to ask one: for a promise it throws. */
export const asking = (name: string, stops: readonly Stop[]): ((stop: Stop, details: Details) => boolean) => {
  for (const stop of stops) if (typeof stop !== 'function') invalid('stop', 'a function', stop)
  return (stop, details) => answer(`a stop of ${name}`, stop(details))
}
