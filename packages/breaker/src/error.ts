import type { CircuitState } from './machine.ts'

/**
 * Refuses a call in place of its function: the circuit is open, or half-open with all its probes out.
 * A retry does not fight it, however broad its filter. Its `cause` is the failure that opened the circuit.
 */
export class CircuitOpenError extends Error {
  override readonly name: string = 'CircuitOpenError'
  readonly retryable = false
  /** The name of the breaker, `''` when it has none. */
  declare readonly breaker: string
  /** In how many ms a probe is allowed, or how long those that are out may take at most. `Infinity`: not before `reset()`. */
  declare readonly retryAfter: number

  constructor(breaker: string, retryAfter: number, cause?: unknown, state: CircuitState = 'open') {
    super(`circuit "${breaker}" is ${state}` + (retryAfter < Infinity ? `, next probe in ${Math.ceil(retryAfter)} ms` : ' until reset()'), { cause })
    this.breaker = breaker
    this.retryAfter = retryAfter
  }
}
