import { bulkhead, circuitBreaker, ConsecutiveBreaker, ConstantBackoff, handleAll, retry, timeout, TimeoutStrategy, wrap } from 'cockatiel'

export const name = 'cockatiel'
export const packages = ['cockatiel']

export const make = ({ tries, wait, signal, deadline } = {}) => {
  const policy = retry(handleAll, { ...(tries && { maxAttempts: tries - 1 }), ...(wait !== undefined && { backoff: new ConstantBackoff(wait) }) })
  const whole = deadline ? wrap(timeout(deadline, TimeoutStrategy.Aggressive), policy) : policy
  return (fn) => whole.execute((context) => fn(context), signal)
}
export const takesSignal = true
export const takesDeadline = true
/** The signal that it gives to the operation, from what the operation is called with. */
export const signalOf = ({ signal }) => signal

const circuit = (failures) => circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(failures) })
export const breaker = (failures) => {
  const policy = circuit(failures)
  return (fn) => policy.execute(fn)
}
/** `seen` is told of each failure that is retried. */
export const retriedBreaker = ({ failures, tries, seen }) => {
  const policy = retry(handleAll, { maxAttempts: tries - 1, backoff: new ConstantBackoff(1) })
  policy.onRetry(seen)
  const both = wrap(policy, circuit(failures))
  return (fn) => both.execute(fn)
}
export const limit = (running) => {
  const policy = bulkhead(running, 100)
  return (fn) => policy.execute(fn)
}
