import type { CircuitState } from './machine.ts'

/**
 * Refuses a call in place of its function: the circuit is open, or half-open with all its probes out.
 * A retry does not fight it, however broad its filter. Its `cause` is the failure that opened the circuit.
 *
 * @example
 * breaker.call(load).catch((error) => {
 *   if (error instanceof CircuitOpenError) return cached // error.retryAfter: ms until the next probe
 *   throw error
 * })
 */
export class CircuitOpenError extends Error {
  override readonly name: string = 'CircuitOpenError'
  /** Asking again is of no use: a retry gives up, unless its `condition` says otherwise. */
  readonly retryable = false
  /** The call was never made: for other layers it is no evidence against the service. */
  readonly refused = true
  /** Which kind of layer has refused it. */
  readonly refusedBy = 'circuit'
  /** The name of the breaker, `''` when it has none. */
  declare readonly breaker: string
  /** In how many ms a probe is allowed, or how long those that are out may take at most. `Infinity`: not before `reset()`. */
  declare readonly retryAfter: number

  constructor(breaker: string, retryAfter: number, cause?: unknown, state: CircuitState = 'open') {
    const until = retryAfter < Infinity ? `, next probe in ${Math.ceil(retryAfter)} ms` : ' until reset()'
    super(`circuit "${breaker}" is ${state}${until}`, cause === undefined ? cause : { cause })
    this.breaker = breaker
    this.retryAfter = retryAfter
  }
}
