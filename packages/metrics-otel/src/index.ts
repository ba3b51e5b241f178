export { otelMetrics, type OtelMetricsOptions } from './metrics.ts'
export { otelTracing, type OtelTracingOptions } from './tracing.ts'
