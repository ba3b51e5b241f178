export type CircuitState = 'closed' | 'open' | 'half-open'

/** What a call is let through with: its outcome counts only while the circuit is of the same generation. */
export interface Ticket {
  readonly _generation: number
}

/** A circuit at one moment. Never changed: each event below makes the next one. While closed, it is itself the ticket of all calls. */
export interface Circuit extends Ticket {
  readonly _state: CircuitState
  /** How often it has opened since it was last closed. */
  readonly _openings: number
  /** When it opened the last time, in ms of the clock, and for how long. */
  readonly _opened: number
  readonly _recovery: number
  /** For how long by its own rule, hints left out. Absent until it has opened. */
  readonly _base?: number | undefined
  /** The last failure when it opened. */
  readonly _cause?: unknown
  /** Half-open: how many probes have succeeded, and how many are out. */
  readonly _successes: number
  readonly _out: number
}

/** Enters a state: what belonged to the one before is over, and so are the tickets of the calls let through in it. */
const enter = (circuit: Circuit, changes: Partial<Circuit>): Circuit => ({
  ...circuit,
  _generation: circuit._generation + 1,
  _successes: 0,
  _out: 0,
  ...changes,
})

export const initial: Circuit = { _state: 'closed', _generation: 0, _openings: 0, _opened: 0, _recovery: 0, _successes: 0, _out: 0 }

export const close = (circuit: Circuit): Circuit => ({ ...initial, _generation: circuit._generation + 1 })

export const open = (circuit: Circuit, _opened: number, _recovery: number, _base?: number, _cause?: unknown): Circuit =>
  enter(circuit, { _state: 'open', _openings: circuit._openings + 1, _opened, _recovery, _base, _cause })

/** Somebody else has found the service down: it is open for so many ms from now. The later end wins, and it is no further opening of one that was not closed. */
export const hold = (circuit: Circuit, now: number, ms: number, cause: unknown): Circuit => {
  if (circuit._state === 'closed') return open(circuit, now, ms, undefined, cause)
  const isLater = circuit._state === 'half-open' || now + ms > circuit._opened + circuit._recovery
  return isLater ? enter(circuit, { _state: 'open', _opened: now, _recovery: ms }) : circuit
}

/** Lets a call through as a probe, out of an open circuit whose time has come too. `undefined` refuses it. */
export const admit = (circuit: Circuit, now: number, slots: number): Circuit | undefined => {
  if (circuit._state === 'open' && now >= circuit._opened + circuit._recovery) circuit = enter(circuit, { _state: 'half-open' })
  return circuit._state === 'half-open' && circuit._out < slots ? { ...circuit, _out: circuit._out + 1 } : undefined
}

/** Takes a probe's slot back. */
export const release = (circuit: Circuit): Circuit => ({ ...circuit, _out: circuit._out - 1 })

/** Counts a probe that has succeeded: the last one needed closes the circuit. */
export const succeed = (circuit: Circuit, needed: number): Circuit =>
  circuit._successes + 1 < needed ? { ...circuit, _successes: circuit._successes + 1 } : close(circuit)

/** The clock has gone back, or it is another one: it stays open for no longer than its time from now. */
export const rebase = (circuit: Circuit, now: number): Circuit => (circuit._opened > now ? { ...circuit, _opened: now } : circuit)
