import { getEventListeners } from 'node:events'
import { CircuitBreaker, countWindow } from '@backon/breaker'
import { onException } from '@backon/core'
import { hedging, latencyPercentile } from '@backon/hedge'
import { prometheusMetrics } from '@backon/metrics-prometheus'
import { Registry } from 'prom-client'

// 1,000,000 calls, 100 at a time, on one signal that outlives them all; one attempt in ten fails.
const calls = 1_000_000
const atOnce = 100
const samples = 50

let seed = 1
const draw = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647

const failure = new Error('down')
const { signal } = new AbortController()
const fetchIt = onException(0, Error, {
  name: 'soak',
  jitter: null,
  signal,
  use: [
    prometheusMetrics({ register: new Registry() }),
    hedging({ wait: latencyPercentile(95, { fallback: 1_000 }), maxHedge: 2, maxExtraLoad: 0.05 }),
    new CircuitBreaker({ trip: countWindow({ size: 100, failureRate: 0.9 }) }),
  ],
})(async () => {
  if (draw() < 0.1) throw failure
  return 1
})

let given = 0
const heap: number[] = []
for (let done = 0; done < calls; done += atOnce) {
  if (done % (calls / samples) === 0) {
    global.gc!()
    heap.push(process.memoryUsage().heapUsed)
  }
  const results = await Promise.allSettled(Array.from({ length: atOnce }, () => fetchIt()))
  given += results.filter(({ status }) => status === 'rejected').length
}
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
console.log(JSON.stringify({ heap, given, timers, listeners: getEventListeners(signal, 'abort').length }))
