import { CircuitBreaker } from '@backon/breaker'
import { retry } from '@backon/core'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foretold, scenarios } from '../../../test/metrics-scenarios.ts'
import { attributesOf, startReceiver } from '../../../test/otlp-receiver.ts'
import { programOf, type Prometheus, scraped, serve, startPrometheus } from '../../../test/prometheus.ts'
import { otelMetrics } from './metrics.ts'

const program = programOf('prometheus')

describe.skipIf(!program)('a real Prometheus that scrapes the Prometheus exporter', { timeout: 60_000 }, () => {
  const exporters = scenarios.map(() => new PrometheusExporter({ preventServerStart: true }))
  let prometheus: Prometheus
  let stop: () => void

  beforeAll(async () => {
    await Promise.all(scenarios.map(({ run }, i) => run(otelMetrics({ meterProvider: new MeterProvider({ readers: [exporters[i]!] }) }))))
    const { server, port } = await serve((request, response) => exporters[Number(request.url!.slice(1))]!.getMetricsRequestHandler(request, response))
    stop = () => server.close()
    prometheus = await startPrometheus(program!, scenarios.map((_, i) => ({ job: `job${i}`, port, path: `/${i}` })))
  }, 60_000)
  afterAll(async () => {
    await prometheus?.stop()
    stop?.()
  })

  test.for(scenarios.map((scenario, i) => ({ ...scenario, i })))('RT-39: $name changes exactly the series it should', async ({ changes, i }) => {
    // This exporter does not put the unit into the name. What has not failed has no error type.
    const expected = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name.replace('_seconds', '').replace('exception_type="none",', '').replace('exception_type', 'error_type'), value]))

    await scraped(async () => foretold(await prometheus.query(`{job="job${i}",__name__=~"backon_.*"}`))).toEqual(expected)
  })
})

test('real OTLP exporters bring the instruments, their units and their bounds to a receiver', async () => {
  const receiver = await startReceiver()
  const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${receiver.url}/v1/metrics` }), exportIntervalMillis: 60_000 })
  const provider = new MeterProvider({ readers: [reader] })
  const breaker = new CircuitBreaker({ name: 'otlp', failureThreshold: 2 })
  const fail = (): never => {
    throw new TypeError('secret')
  }

  await retry(fail, { name: 'users', wait: 20, jitter: null, maxTries: 2, use: [otelMetrics({ meterProvider: provider }), breaker] }).catch(() => {})
  await provider.shutdown()
  receiver.stop()

  const points = receiver.metrics.flatMap(({ name, unit = '', sum, gauge, histogram }) =>
    // Circuits of the scenarios above may still live.
    (sum ?? gauge ?? histogram).dataPoints.filter((point: any) => attributesOf(point)['breaker'] !== 'db').map((point: any) => [name, unit, attributesOf(point), point.asDouble ?? point.count, point.explicitBounds]),
  )
  const time = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30]
  const failed = { target: 'users', 'error.type': 'TypeError' }
  const ended = { target: 'users', outcome: 'failure' }
  const state = (state: string, value: number) => ['backon.circuit_breaker.state', '1', { breaker: 'otlp', state }, value, undefined]
  expect(points).toEqual([
    ['backon.retry.attempts', '{attempt}', failed, 2, undefined],
    ['backon.retry.failure', '{call}', { ...failed, reason: 'tries' }, 1, undefined],
    ['backon.retry.attempt_duration', 's', failed, 2, time],
    ['backon.retry.wait', 's', { target: 'users' }, 1, time],
    ['backon.retry.call_attempts', '{attempt}', ended, 1, [1, 2, 3, 4, 5, 10]],
    ['backon.retry.call_duration', 's', ended, 1, time],
    ['backon.circuit_breaker.open', '{opening}', { breaker: 'otlp' }, 1, undefined],
    state('closed', 0),
    state('open', 1),
    state('half-open', 0),
    state('isolated', 0),
  ])
})
