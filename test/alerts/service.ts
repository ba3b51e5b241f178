import cluster from 'node:cluster'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { CircuitBreaker } from '@backon/breaker'
import { emit, type Hooks, type Plugin, retry, use } from '@backon/core'
import { announce } from '@backon/core/kit'
import { hedging } from '@backon/hedge'
import { prometheusMetrics } from '@backon/metrics-prometheus'
import { AggregatorRegistry, register } from 'prom-client'

/** A service that is well, or in trouble in each of the ways that there is an alert for. Run by alerts.test.ts; told which by its first argument. */
const unwell = process.argv[2] === 'burning'
/** Of several workers one has an open circuit. */
const open = unwell && (!cluster.isWorker || cluster.worker!.id === 1)

/** What a limit and a budget show of themselves, and how a budget refuses. */
const limit = { level: () => ({ kind: 'limit', name: 'api', values: { running: 2, queued: unwell ? 3 : 0 }, severity: 0 }) }
const balance = unwell ? 0.4 : 3
const budget = { level: () => ({ kind: 'budget', name: 'all', values: { balance }, severity: 0 }) }
const refusing: Plugin = {
  stop() {
    if (unwell) emit('onBudgetReject' as keyof Hooks, { budget: 'all', balance, kind: 'retry' } as never)
    return unwell && 'refused'
  },
}

const fail = (): never => {
  throw new TypeError('down')
}
const forEver = async (call: () => Promise<unknown>): Promise<never> => {
  for (;;) await Promise.all([call().catch(() => {}), pause(20)])
}

const load = (): void => {
  announce(limit)
  announce(budget)
  use(prometheusMetrics())
  // One that opens and one that cannot make up its mind.
  const down = new CircuitBreaker({ name: 'down', failureThreshold: 3, recoveryTimeout: 3_600_000 })
  const flapping = new CircuitBreaker({ name: 'flapping', failureThreshold: 1, recoveryTimeout: 50 })
  const hedge = hedging({ wait: unwell ? 1 : 50, maxHedge: 2 })
  let [calls, probes] = [0, 0]
  const options = { wait: 5, jitter: null }
  void forEver(() => retry(() => (unwell || ++calls % 50 === 0 ? fail() : 1), { ...options, name: 'users', maxTries: 2 }))
  void forEver(() => retry(() => (open ? fail() : 1), { ...options, name: 'stock', maxTries: 1, use: [down] }))
  void forEver(() => retry(() => (unwell && ++probes % 2 ? fail() : 1), { ...options, name: 'prices', maxTries: 1, use: [flapping] }))
  void forEver(() => retry(() => pause(8, 1), { ...options, name: 'pages', use: [hedge] }))
  void forEver(() => retry(() => (++calls % (unwell ? 1 : 100) ? 1 : fail()), { ...options, name: 'orders', use: [refusing] }))
}

/** Answers each scrape, and tells the port to who started this. */
const answer = (metrics: () => Promise<string>): void => {
  const server = createServer((_, response) => void metrics().then((text) => response.setHeader('content-type', register.contentType).end(text)))
  server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
}

const cluster4 = new AggregatorRegistry()
if (cluster.isWorker) load()
else if (process.argv[3] === 'cluster') {
  for (let i = 0; i < 4; i++) cluster.fork()
  answer(() => cluster4.clusterMetrics())
} else {
  load()
  answer(() => register.metrics())
}
process.on('SIGTERM', () => {
  for (const worker of Object.values(cluster.workers ?? {})) worker!.kill()
  process.exit()
})
