export { CircuitBreaker } from './breaker.ts'
export { CircuitBreakers, type CircuitBreakersOptions } from './breakers.ts'
export { BreakerRetrying, type BreakerRetryingOptions } from './retrying.ts'
export { CircuitOpenError } from './error.ts'
export { holdCircuit, probeTimeoutOf, watchCircuit } from './sharing.ts'
export type { CircuitEvent, CircuitHooks } from './hooks.ts'
export type { CircuitState } from './machine.ts'
export type { CircuitBreakerOptions, CircuitSnapshot, IsFailure } from './options.ts'
export {
  consecutiveFailures,
  countWindow,
  type CountWindowOptions,
  type Tally,
  timeWindow,
  type TimeWindowOptions,
  type Trip,
} from './trip.ts'
