import { otelTracing } from '@backon/metrics-otel'
import { use } from '@backon/core'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchSpanProcessor, InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/** Traces every retried call; to a collector too where OTEL_EXPORTER_OTLP_ENDPOINT says so. Gives a function that draws the latest traces that are worth it. */
export const startTracing = () => {
  const exporter = new InMemorySpanExporter()
  const collector = process.env.OTEL_EXPORTER_OTLP_ENDPOINT
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter }), ...(collector ? [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })] : [])],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  use(otelTracing({ tracer: provider.getTracer('service') }))
  // What is kept in memory is for the drawing only.
  const forget = setInterval(() => exporter.getFinishedSpans().length > 5_000 && exporter.reset(), 1_000)

  const draw = (): string => {
    const spans = exporter.getFinishedSpans()
    const childrenOf = (id: string) => spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === id)
    const root = spans
      .filter(({ parentSpanContext }) => !parentSpanContext)
      .toSorted((a, b) => childrenOf(b.spanContext().spanId).length - childrenOf(a.spanContext().spanId).length)[0]
    if (!root) return 'no trace'
    const line = ({ name, attributes, duration }: typeof root): string =>
      `${name}  ${(duration[0] * 1e3 + duration[1] / 1e6).toFixed(0)} ms  ${JSON.stringify(attributes)}`
    const children = childrenOf(root.spanContext().spanId).map((span) => `  ${line(span)}`)
    return [line(root), ...children].join('\n')
  }
  const stop = async (): Promise<void> => {
    clearInterval(forget)
    await provider.shutdown()
  }
  return { draw, stop }
}
