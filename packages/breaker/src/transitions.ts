import { type Attempt, clock, type Details, emit, TimeoutError } from '@backon/core'
import { atLeastZero, retryAfterOf } from '@backon/core/kit'
import { ask } from './ask.ts'
import type { CircuitHooks } from './hooks.ts'
import { type Circuit, type CircuitState, open, rebase, type Ticket } from './machine.ts'
import type { Completed } from './options.ts'
import { type Line, oldest } from './probes.ts'
import type { Tally } from './trip.ts'

/** A breaker as its parts see it: its circuit at this moment, and what is kept beside it. */
export interface Breaker {
  readonly name: string
  readonly timeless: boolean
  readonly _options: Completed
  _circuit: Circuit
  _tally: Tally
  /** The last failure since it was closed, and when it came, in ms of the clock. */
  _cause: unknown
  _said: number
  /** The probes that are out. */
  _line: Line
  /** What the call was let through with whose function is being started right now. */
  _inside: Ticket | undefined
  /** Its own handlers, then those given to `watchCircuit()`. */
  _watchers: readonly CircuitHooks[]
}

const events = { closed: 'onCircuitClose', open: 'onCircuitOpen', 'half-open': 'onCircuitHalfOpen' } as const

/** Stays open for so long where nothing else says how long. */
const minute = 60_000

/** A record of no call: what is said of a call outside a retry, and of a circuit. */
export const blank: Omit<Details, 'call' | 'name' | 'target'> = { args: [], tries: 1, elapsed: 0, idleFor: 0, previousWait: 0 }

/** How long a probe may take, in ms. Shorter than a minute, a circuit that opens for a moment would find a healthy service too slow for it. */
export const patience = ({ _circuit, _options }: Breaker): number => _options.probeTimeout ?? Math.max((_circuit._base ?? Number(_options.recoveryTimeout)) || 0, minute)

/** Ms until a probe is allowed. */
export const retryAfter = (breaker: Breaker): number => {
  const { _opened, _recovery, _out, _generation } = look(breaker)
  const now = clock().now()
  const end = _out < breaker._options.halfOpenMaxCalls ? _opened + _recovery : oldest(breaker._line, _generation, now)!._began + patience(breaker)
  return Math.max(end - now, 0)
}

/** Tells those who watch the breaker, then the plugins of the call. */
export const tell = (breaker: Breaker, event: keyof CircuitHooks, from: CircuitState, attempt: Attempt | undefined): void => {
  const { name, _circuit } = breaker
  const facts = attempt?.details
  const fact = { breaker: name, from, to: _circuit._state, retryAfter: retryAfter(breaker), cause: _circuit._cause, call: facts?.call, name: facts?.name }
  emit(event, fact, breaker._watchers)
  emit(event, fact, attempt?.plugins)
}

export const become = (breaker: Breaker, circuit: Circuit, attempt?: Attempt): void => {
  const { _state } = breaker._circuit
  breaker._circuit = circuit
  if (circuit._state === 'closed') {
    breaker._tally = breaker._options.trip()
    breaker._line = {}
    breaker._cause = undefined
  }
  if (circuit._state !== _state) tell(breaker, events[circuit._state], _state, attempt)
}

/** Opens it, from now on unless it says when, for as long as its rule says, or longer where the failure carries a hint. */
export const trip = (breaker: Breaker, cause: unknown, attempt: Attempt | undefined, at?: number): void => {
  const { name, _circuit } = breaker
  const { recoveryTimeout, maxRecoveryTimeout } = breaker._options
  let base = recoveryTimeout as number
  // It may be an earlier failure: of calls that were too slow, or of a success that made the share great enough.
  let hint = retryAfterOf(cause)! - Math.max(clock().now() - breaker._said, 0)
  if (typeof recoveryTimeout === 'function') {
    const record = { ...blank, call: breaker, name, target: recoveryTimeout, tries: _circuit._openings + 1, previousWait: _circuit._base ?? 0, exception: cause }
    base = ask('recoveryTimeout', () => recoveryTimeout(record), minute, (ms) => {
      if (ms !== undefined) return atLeastZero('recoveryTimeout', ms)
      // It has run out because of this failure, not of their number: whatever the server asks for, it is too long.
      if (!recoveryTimeout.finite) hint = 0
      return _circuit._base ?? minute
    })!
    base = Math.min(base, maxRecoveryTimeout)
  }
  const recovery = hint < Infinity ? Math.max(base, Math.min(hint, maxRecoveryTimeout)) : base
  become(breaker, open(breaker._circuit, at ?? clock().now(), recovery, base, cause), attempt)
}

/** Sees what time has brought about. Nobody answers for a probe that hangs: whoever looks next finds out. */
export const look = (breaker: Breaker, attempt?: Attempt): Circuit => {
  const now = clock().now()
  const circuit = (breaker._circuit = rebase(breaker._circuit, now))
  const probe = oldest(breaker._line, circuit._generation, now)
  const end = probe ? probe._began + patience(breaker) : Infinity
  if (end <= now) trip(breaker, new TimeoutError('the probe has not answered in time'), attempt, end)
  return breaker._circuit
}
