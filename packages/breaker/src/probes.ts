import type { Ticket } from './machine.ts'

/** A call let through while half-open. */
export interface Probe extends Ticket {
  /** When, in ms of the clock. */
  _began: number
  /** Its slot has been given back. */
  _over?: boolean
  /** The one let through after it. */
  _next?: Probe
}

/** Probes in the order in which they were let through. One that is over stays in its place until it is the first: nobody has to look for it. */
export interface Line {
  _first?: Probe | undefined
  _last?: Probe | undefined
}

export const enqueue = (line: Line, probe: Probe): void => {
  if (line._first) line._last!._next = probe
  else line._first = probe
  line._last = probe
}

/** The probe that has been out for the longest time, of those of this generation. */
export const oldest = (line: Line, generation: number, now: number): Probe | undefined => {
  while (line._first && (line._first._over || line._first._generation !== generation)) line._first = line._first._next
  // The clock has gone back: none is out for longer than its time from now.
  if (line._first && line._last!._began > now) for (let probe: Probe | undefined = line._first; probe; probe = probe._next) probe._began = Math.min(probe._began, now)
  return line._first
}
