import { load } from '../packages.mjs'
import { loop, ok } from './loop.mjs'

export const title = 'Circuit breaker, closed, success at once'
export const group = 'breaker'
export const baseline = () => () => loop(ok)

export const rows = [
  {
    name: 'cockatiel: breaker',
    async make() {
      const { ConsecutiveBreaker, circuitBreaker, handleAll } = await import('cockatiel')
      const policy = circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(5) })
      return () => policy.execute(ok)
    },
  },
  {
    name: 'cockatiel: retry + breaker',
    async make() {
      const { ConsecutiveBreaker, ConstantBackoff, circuitBreaker, handleAll, retry, wrap } = await import('cockatiel')
      const policy = wrap(
        retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(0) }),
        circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(5) }),
      )
      return () => policy.execute(ok)
    },
  },
  {
    name: 'opossum: breaker, without its timeout',
    async make() {
      const { default: CircuitBreaker } = await import('opossum')
      const breaker = new CircuitBreaker(ok, { timeout: false })
      return () => breaker.fire()
    },
  },
  {
    name: 'backon: breaker alone',
    target: 1.3,
    async make() {
      const { CircuitBreaker } = await load('breaker')
      const breaker = new CircuitBreaker({ failureThreshold: 5 })
      return () => breaker.call(ok)
    },
  },
  {
    name: 'backon: retry + breaker',
    target: 2,
    async make() {
      const { CircuitBreaker } = await load('breaker')
      const { onException } = await load('core')
      return onException(0, Error, { maxTries: 3, use: [new CircuitBreaker({ failureThreshold: 5 })] })(ok)
    },
  },
  {
    name: 'backon: BreakerRetrying',
    async make() {
      const { BreakerRetrying, CircuitBreaker } = await load('breaker')
      const retrying = new BreakerRetrying({ maxTries: 3, wait: 0, breaker: new CircuitBreaker({ failureThreshold: 5 }) })
      return () => retrying.call(ok)
    },
  },
  {
    name: 'backon: breaker with a count window of 100',
    async make() {
      const { CircuitBreaker, countWindow } = await load('breaker')
      const trip = countWindow({ size: 100, failureRate: 0.5, minimumCalls: 10 })
      const breaker = new CircuitBreaker({ trip })
      return () => breaker.call(ok)
    },
  },
  { name: 'backon: time window with at most 20 samples', make: () => timeWindowHolding(20, 0) },
  { name: 'backon: time window with 20,000 samples', make: () => timeWindowHolding(0, 20_000) },
]

/** Calls breakers that each see `turns` calls, or one that has seen `before` calls already. */
async function timeWindowHolding(turns, before) {
  const { CircuitBreaker, timeWindow } = await load('breaker')
  const calls = 4_000
  const fresh = () =>
    new CircuitBreaker({ trip: timeWindow({ duration: 600_000, failureRate: 0.5, minimumCalls: 10 }) })
  const crowded = fresh()
  for (let i = 0; i < before; i++) await crowded.call(ok)
  let breakers = []
  let turn = 0
  return {
    calls,
    prepare() {
      turn = 0
      breakers = Array.from({ length: calls / 20 + 1 }, () => (turns ? fresh() : crowded))
    },
    call: () => breakers[Math.floor(turn++ / 20)].call(ok),
  }
}
