import type { CircuitState } from './machine.ts'

/** A change of state, or a call refused. */
export interface CircuitEvent {
  /** The name of the breaker, `''` when it has none. */
  readonly breaker: string
  /** The state before. */
  readonly from: CircuitState
  /** The state now; for a refused call the same as `from`. */
  readonly to: CircuitState
  /** Ms until a probe is allowed; `Infinity` when it was isolated. */
  readonly retryAfter: number
  /** The failure that opened it: what was thrown, or the value that was judged one. */
  readonly cause: unknown
  /** The `call` in the records of the call in which it happened; `undefined` outside a retry. */
  readonly call: object | undefined
  /** The name of that call; `undefined` outside a retry. */
  readonly name: string | undefined
}

/**
 * Who may watch a circuit: a breaker's own options, who was given to `watchCircuit()`, and every plugin of the call. They only watch:
 * what they throw is reported.
 *
 * @example
 * use({ onCircuitOpen: ({ breaker, retryAfter }) => console.warn(`${breaker} is open for ${retryAfter} ms`) })
 */
export interface CircuitHooks {
  /** Calls are refused from now on. */
  onCircuitOpen?(event: CircuitEvent): unknown
  /** The first probe is let through. */
  onCircuitHalfOpen?(event: CircuitEvent): unknown
  /** Calls pass again. */
  onCircuitClose?(event: CircuitEvent): unknown
  /** A call was refused. */
  onCircuitReject?(event: CircuitEvent): unknown
}

declare module '@backon/core' {
  interface Hooks extends CircuitHooks {}
}
