import { load, loadPeer } from '../packages.mjs'
import { loop, ok } from './loop.mjs'

export const title = 'Metrics and tracing, success at once'
export const group = 'metrics'
export const baseline = () => () => loop(ok)

export const rows = [
  {
    name: 'backon: retry + Prometheus metrics',
    async make() {
      const { prometheusMetrics } = await load('metrics-prometheus')
      const { Registry } = await loadPeer('metrics-prometheus', 'prom-client')
      return watchedBy(prometheusMetrics({ register: new Registry() }))
    },
  },
  {
    name: 'backon: retry + OpenTelemetry metrics, no SDK',
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
