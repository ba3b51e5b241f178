import { load, loadPeer } from '../packages.mjs'
import { loop, ok } from './loop.mjs'

export const title = 'Metrics and tracing, success at once'
export const group = 'metrics'
export const baseline = () => () => loop(ok)

export const rows = [
  {
    name: 'prom-client alone: one counter.labels(…).inc(), one histogram.observe()',
    async make() {
      const { Counter, Histogram, Registry } = await loadPeer('metrics-prometheus', 'prom-client')
      const labels = { target: 'bench', exception_type: 'none' }
      const settings = { help: 'bench', labelNames: Object.keys(labels), registers: [new Registry()] }
      const counter = new Counter({ ...settings, name: 'attempts_total' })
      const histogram = new Histogram({ ...settings, name: 'duration_seconds' })
      return async () => {
        counter.labels(labels).inc()
        histogram.observe(labels, 0.001)
        return 1
      }
    },
  },
  {
    name: 'backon: retry + Prometheus metrics',
    target: 6,
    async make() {
      const { prometheusMetrics } = await load('metrics-prometheus')
      const { Registry } = await loadPeer('metrics-prometheus', 'prom-client')
      return watchedBy(prometheusMetrics({ register: new Registry() }))
    },
  },
  {
    name: 'backon: retry + OpenTelemetry metrics, no SDK',
    target: 1.5,
    async make() {
      const { otelMetrics } = await load('metrics-otel')
      const { metrics } = await loadPeer('metrics-otel', '@opentelemetry/api')
      return watchedBy(otelMetrics({ meter: metrics.getMeter('bench') }))
    },
  },
  {
    name: 'backon: retry + OpenTelemetry tracing, no SDK',
    async make() {
      const { otelTracing } = await load('metrics-otel')
      const { trace } = await loadPeer('metrics-otel', '@opentelemetry/api')
      return watchedBy(otelTracing({ tracer: trace.getTracer('bench') }))
    },
  },
]

async function watchedBy(plugin) {
  const { onException } = await load('core')
  return onException(0, Error, { maxTries: 3, name: 'bench', use: [plugin] })(ok)
}
