import { createRequire } from 'node:module'
import { serve } from './prometheus.ts'

// The classes that OpenTelemetry generated from its protocol, from the last release that shipped them. The receiver is ours: no collector ran.
const { opentelemetry } = createRequire(new URL('../packages/metrics-otel/package.json', import.meta.url))('@opentelemetry/otlp-transformer/build/src/generated/root.js')
const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1
const { ExportMetricsServiceRequest } = opentelemetry.proto.collector.metrics.v1

const plain = { longs: Number, enums: String, bytes: String }

/** Takes OTLP over HTTP with protobuf bodies, as a collector does, and keeps what it decoded. */
export const startReceiver = async () => {
  const spans: any[] = []
  const metrics: any[] = []
  const { server, port } = await serve(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (request.headers['content-type'] !== 'application/x-protobuf') return void response.writeHead(415).end()
    const decode = (type: any): any => type.toObject(type.decode(Buffer.concat(chunks)), plain)
    if (request.url === '/v1/traces') spans.push(...decode(ExportTraceServiceRequest).resourceSpans.flatMap((one: any) => one.scopeSpans).flatMap((one: any) => one.spans))
    else if (request.url === '/v1/metrics') metrics.push(...decode(ExportMetricsServiceRequest).resourceMetrics.flatMap((one: any) => one.scopeMetrics).flatMap((one: any) => one.metrics))
    response.setHeader('content-type', 'application/x-protobuf').end()
  })
  return { url: `http://127.0.0.1:${port}`, spans, metrics, stop: () => server.close() }
}

/** Attributes as a plain object. */
export const attributesOf = ({ attributes = [] }: any): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }: any) => [key, Object.values(value)[0]]))
