// What `abortLeftovers` does among the other plugins that judge, time and copy attempts: whoever is outside still sees a failure.
import { CircuitBreaker } from '@backon/breaker'
import { abortLeftovers, type Attempt, type Plugin, retry, timeout } from '@backon/core'
import { hedging } from '@backon/hedge'
import { virtualClock } from '@backon/testing'
import { expect, test } from 'vitest'

/** Starts two pieces of work that end with the signal alone, and one that fails. */
const together = () => {
  let running = 0
  let started = 0
  const work = (signal: AbortSignal): Promise<never> => new Promise((_, reject) => {
    running++
    started++
    signal.addEventListener('abort', () => {
      running--
      reject(signal.reason as Error)
    })
  })
  const operation = ({ signal }: Attempt): Promise<unknown> => Promise.all([work(signal), work(signal), Promise.reject(new Error('down'))])
  return { operation, counts: () => ({ running, started }) }
}

test.each<[string, (breaker: CircuitBreaker) => Plugin[]]>([
  ['around the breaker', (breaker) => [abortLeftovers(), breaker]],
  ['inside the breaker', (breaker) => [breaker, abortLeftovers()]],
  ['inside timeout and breaker', (breaker) => [breaker, timeout(1_000), abortLeftovers()]],
  ['around timeout and breaker', (breaker) => [abortLeftovers(), timeout(1_000), breaker]],
])('F-02 %s: nothing runs on, and the breaker counts each failure', async (_, use) => {
  const breaker = new CircuitBreaker({ failureThreshold: 3 })
  const { operation, counts } = together()
  await expect(virtualClock().run(() => retry(operation, { wait: 10, maxTries: 3, use: use(breaker) }))).rejects.toThrow('down')
  expect(counts()).toEqual({ running: 0, started: 6 })
  expect(breaker.state).toBe('open')
})

test.each<[string, () => Plugin[]]>([
  ['around the hedge', () => [abortLeftovers(), hedging({ wait: 5, maxHedge: 2 })]],
  ['inside the hedge', () => [hedging({ wait: 5, maxHedge: 2 }), abortLeftovers()]],
])('F-02 %s: nothing of any copy runs on', async (_, use) => {
  const { operation, counts } = together()
  await expect(virtualClock().run(() => retry(operation, { wait: 10, maxTries: 2, use: use() }))).rejects.toThrow()
  expect(counts()).toEqual({ running: 0, started: 8 })
})
