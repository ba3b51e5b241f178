import type { Details, Wait } from '@backon/core'
import { check, invalid, optionsOf } from '@backon/core/kit'
import { count, positive } from './check.ts'
import type { CircuitHooks } from './hooks.ts'
import type { CircuitState } from './machine.ts'
import { consecutiveFailures, type Trip } from './trip.ts'

/**
 * Judges an outcome, at once. `true`: a failure; `false`: a success; `'ignore'`: says nothing about the service.
 *
 * @example
 * const isFailure: IsFailure = ({ value, exception }) => (value instanceof Response ? value.status >= 500 : exception !== undefined)
 */
export type IsFailure = (details: Details) => boolean | 'ignore'

/**
 * What is left of a breaker while the process is down: the result of `toJSON()`.
 *
 * @example
 * const saved: CircuitSnapshot = JSON.parse(JSON.stringify(breaker))
 * const restored = new CircuitBreaker({ state: saved })
 */
export interface CircuitSnapshot {
  /** What it was when it was saved. Restored, it is closed or open: a probe that was out is asked for again. */
  readonly state: CircuitState
  /** How often it has opened since it was last closed. */
  readonly openings: number
  /** When it opened the last time, in ms since 1970. */
  readonly openedAt: number
  /** For how long, in ms; `null`, as JSON writes Infinity: until `reset()`. */
  readonly recoveryTimeout: number | null
}

/**
 * How a breaker judges, and how long it stays open. Every part is optional; `undefined` is absent. Times are in ms.
 *
 * @example
 * const options: CircuitBreakerOptions = { name: 'users', failureThreshold: 3, recoveryTimeout: expo({ factor: 5_000, maxValue: 300_000 }) }
 */
export interface CircuitBreakerOptions extends CircuitHooks {
  /** Failures in a row that open the circuit: an integer of 1 or more, or `Infinity` (only by hand). Does not count when `trip` is given. Default 5. */
  failureThreshold?: number | undefined
  /** Another rule for opening: `countWindow(…)`, `timeWindow(…)`. Default `consecutiveFailures(failureThreshold)`. */
  trip?: Trip | undefined
  /**
   * How long it stays open before it lets a probe through, in ms; or a wait strategy, in whose record `tries` counts the openings
   * since it was last closed. A strategy that has run out keeps the last time, 60,000 where there is none. A longer hint of the failure,
   * `retryAfter` (ms) or `Retry-After`, lengthens it. Default 60,000.
   */
  recoveryTimeout?: number | Wait | undefined
  /** Hints and strategies keep it open for at most so many ms; what you write as a number stands. `Infinity` trusts every server. Default 3,600,000: an hour. */
  maxRecoveryTimeout?: number | undefined
  /** How many probes may be out at once; other calls are refused. Default 1. */
  halfOpenMaxCalls?: number | undefined
  /** How many probes must succeed to close it. Default 1. */
  successThreshold?: number | undefined
  /**
   * A probe without an answer after so many ms has failed; it is not waited for, nor cut off. Default: as long as it was open, hints
   * left out, but at least 60,000.
   */
  probeTimeout?: number | undefined
  /**
   * Judges outcomes. Answers at once; one that throws or gives a promise is reported, and the default judges. Default: what is thrown is a failure.
   * A call that its caller has aborted, and one that another layer has refused, are ignored in any case.
   */
  isFailure?: IsFailure | undefined
  /** Stands in errors, events and metrics. Default `''`. */
  name?: string | undefined
  /** What `toJSON()` gave before a restart, parsed. */
  state?: CircuitSnapshot | undefined
}

const events = ['onCircuitOpen', 'onCircuitHalfOpen', 'onCircuitClose', 'onCircuitReject'] as const

/** Options that have been checked. What is changed in those given changes nothing. */
export type Completed = ReturnType<typeof complete>

/** Reads options, own and inherited ones alike, and throws for an unusable one. */
export const complete = (options: CircuitBreakerOptions) => {
  const {
    failureThreshold = 5, trip, recoveryTimeout = 60_000, maxRecoveryTimeout = 3_600_000,
    halfOpenMaxCalls = 1, successThreshold = 1, probeTimeout, isFailure, name = '', state,
  } = optionsOf('CircuitBreaker', options, [
    'failureThreshold', 'trip', 'recoveryTimeout', 'maxRecoveryTimeout', 'halfOpenMaxCalls', 'successThreshold', 'probeTimeout', 'isFailure', 'name', 'state', ...events,
  ])
  const hooks: CircuitHooks = {}
  for (const event of events) {
    check('function', { [event]: options[event] })
    hooks[event] = options[event]?.bind(options)
  }
  check('function', { trip, isFailure })
  check('string', { name })
  check('object', { state })
  if (typeof recoveryTimeout !== 'function' && !(typeof recoveryTimeout === 'number' && recoveryTimeout >= 0))
    invalid('recoveryTimeout', 'a number of 0 or more, or a wait strategy', recoveryTimeout)
  const consecutive = consecutiveFailures(failureThreshold)
  return {
    hooks, isFailure, name, state, recoveryTimeout,
    trip: trip ?? consecutive,
    maxRecoveryTimeout: positive('maxRecoveryTimeout', maxRecoveryTimeout),
    halfOpenMaxCalls: count('halfOpenMaxCalls', halfOpenMaxCalls),
    successThreshold: count('successThreshold', successThreshold),
    probeTimeout: probeTimeout === undefined ? undefined : positive('probeTimeout', probeTimeout),
  }
}
