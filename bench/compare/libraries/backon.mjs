import { CircuitBreaker } from '@backon/breaker'
import { retry, retrySync } from '@backon/core'
import { hedge } from '@backon/hedge'
import { RetryBudget, limit as limitOf } from '@backon/limit'
import { virtualClock } from '@backon/testing'

export const name = '@backon'
export const packages = ['@backon/core']

export const make = ({ tries, wait, signal, deadline } = {}) => (fn) =>
  retry(fn, { ...(tries && { maxTries: tries }), ...(wait !== undefined && { wait, jitter: null }), maxTime: deadline, signal })
export const takesSignal = true
export const takesDeadline = true
export const signalOf = ({ signal }) => signal

export const breaker = (failures) => {
  const circuit = new CircuitBreaker({ failureThreshold: failures, recoveryTimeout: 60_000 })
  return (fn) => circuit.call(fn)
}
export const retriedBreaker = ({ failures, tries, seen }) => {
  const use = [new CircuitBreaker({ failureThreshold: failures, recoveryTimeout: 60_000 })]
  return (fn) => retry(fn, { maxTries: tries, wait: 1, use, onBackoff: seen })
}
export const limit = (running) => {
  const slots = limitOf({ concurrency: running, queue: 100 })
  return (fn) => slots.call(fn)
}
export const hedged = (wait) => (fn) => hedge(fn, { wait, maxHedge: 2 })
export const budgeted = ({ credit, tries }) => {
  const use = [new RetryBudget({ credit })]
  return (fn) => retry(fn, { maxTries: tries, wait: 0, use })
}
export const sync = ({ tries }) => (fn) => retrySync(fn, { maxTries: tries, wait: 0 })
export const virtualRetry = (options) => (fn) => virtualClock().run(() => make(options)(fn))
