export type CircuitState = 'closed' | 'open' | 'half-open'

/** What a call is let through with: its outcome counts only while the circuit is of the same generation. */
export interface Ticket {
  readonly _generation: number
  /** When it was let through as a probe, in ms of the clock. */
  readonly _began?: number
}

/** A circuit at one moment. Never changed: each event below makes the next one. While closed, it is itself the ticket of all calls. */
export interface Circuit extends Ticket {
  readonly _state: CircuitState
  /** How often it has opened since it was last closed. */
  readonly _openings: number
  /** When it opened the last time, in ms of the clock, and for how long. */
  readonly _opened: number
  readonly _recovery: number
  /** The last failure when it opened. */
  readonly _cause?: unknown
  /** Half-open: how many probes have succeeded, and those that are out, the oldest first. */
  readonly _successes: number
  readonly _probes: readonly Ticket[]
}

/** Enters a state: what belonged to the one before is over, and so are the tickets of the calls let through in it. */
const enter = (circuit: Circuit, changes: Partial<Circuit>): Circuit => ({
  ...circuit,
  _generation: circuit._generation + 1,
  _successes: 0,
  _probes: [],
  ...changes,
})

export const initial: Circuit = { _state: 'closed', _generation: 0, _openings: 0, _opened: 0, _recovery: 0, _successes: 0, _probes: [] }

export const close = (circuit: Circuit): Circuit => ({ ...initial, _generation: circuit._generation + 1 })

export const open = (circuit: Circuit, _opened: number, _recovery: number, _cause?: unknown): Circuit =>
  enter(circuit, { _state: 'open', _openings: circuit._openings + 1, _opened, _recovery, _cause })

/** Lets a call through as a probe, out of an open circuit whose time has come too; the last of the probes is its ticket. `undefined` refuses it. */
export const admit = (circuit: Circuit, now: number, slots: number): Circuit | undefined => {
  if (circuit._state === 'open' && now >= circuit._opened + circuit._recovery) circuit = enter(circuit, { _state: 'half-open' })
  const { _generation, _probes } = circuit
  return circuit._state === 'half-open' && _probes.length < slots
    ? { ...circuit, _probes: [..._probes, { _generation, _began: now }] }
    : undefined
}

/** Gives a probe's slot back. */
export const release = (circuit: Circuit, probe: Ticket): Circuit => ({ ...circuit, _probes: circuit._probes.filter((other) => other !== probe) })

/** Counts a probe that has succeeded: the last one needed closes the circuit. */
export const succeed = (circuit: Circuit, needed: number): Circuit =>
  circuit._successes + 1 < needed ? { ...circuit, _successes: circuit._successes + 1 } : close(circuit)
