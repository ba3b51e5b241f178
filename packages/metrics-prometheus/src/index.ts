export { prometheusMetrics, type PrometheusMetricsOptions } from './prometheus.ts'
