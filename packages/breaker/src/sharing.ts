import { clock, type Undo } from '@backon/core'
import { atLeastZero, invalid, undo } from '@backon/core/kit'
import { CircuitBreaker } from './breaker.ts'
import type { CircuitHooks } from './hooks.ts'
import { hold } from './machine.ts'
import { become, look, patience } from './transitions.ts'

/** What is inside a breaker has other names in another copy. */
const own = (breaker: CircuitBreaker): CircuitBreaker => (breaker instanceof CircuitBreaker ? breaker : invalid('breaker', 'a CircuitBreaker of this copy of @backon/breaker', breaker))

/**
 * Opens a circuit for `ms` from now, at most `maxRecoveryTimeout`, because somebody else has found the service down; then a probe is let
 * through, as ever. One that is open for longer, or isolated, stays as it is; a half-open one takes its probes back. Throws for an `ms` that is no number of 0 or more.
 *
 * @example
 * holdCircuit(breaker, 30_000, new Error('down, says the process next door'))
 */
export const holdCircuit = (breaker: CircuitBreaker, ms: number, cause?: unknown): void => {
  const { _options } = own(breaker)
  const time = Math.min(atLeastZero('ms', ms), _options.maxRecoveryTimeout)
  become(breaker, hold(look(breaker), clock().now(), time, cause))
}

/**
 * Tells `hooks` at once of every change and refusal of a breaker, whoever brings it about: a call, a plugin, `isolate()`, `reset()`,
 * `holdCircuit()`. They only watch: what they throw is reported. Returns its undo.
 *
 * @example
 * const undo = watchCircuit(breaker, { onCircuitOpen: ({ retryAfter }) => tellTheOthers(retryAfter) })
 */
export const watchCircuit = (breaker: CircuitBreaker, hooks: CircuitHooks): Undo => {
  const watcher: CircuitHooks = Object.create(hooks)
  own(breaker)._watchers = [...breaker._watchers, watcher]
  return undo(() => {
    breaker._watchers = breaker._watchers.filter((one) => one !== watcher)
  })
}

/**
 * Gives how long a probe of this breaker may take at most, in ms, as it stands: its `probeTimeout`, or as long as it was open, hints left
 * out, and at least 60,000. A lease for a probe has to be as long.
 *
 * @example
 * await lock('probe of users', { ttl: probeTimeoutOf(breaker) })
 */
export const probeTimeoutOf = (breaker: CircuitBreaker): number => patience(own(breaker))
