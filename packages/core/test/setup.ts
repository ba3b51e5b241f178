import { override } from '../src/seams/override.ts'
import type { Undo } from '../src/types.ts'
import { type VirtualTime, virtualTime } from './time.ts'

/** What a test has changed for the whole process, to be taken back after it: `afterEach(undoAll)`. */
export const undos: Undo[] = []
export const undoAll = (): void => undos.splice(0).forEach((undo) => undo())

/** Puts every call on a virtual clock, and randomness in the middle, until `undoAll`. */
export const virtual = (): VirtualTime => {
  const time = virtualTime()
  undos.push(override({ clock: time, random: () => 0.5 }))
  return time
}

export const error = new Error('down')
/** An operation that always fails, with `error`. */
export const fail = (): never => {
  throw error
}
/** Three attempts, 100 ms apart. */
export const flat = { wait: 100, jitter: null, maxTries: 3 } as const
