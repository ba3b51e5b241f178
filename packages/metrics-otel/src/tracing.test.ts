import { createServer } from 'node:http'
import { CircuitBreaker } from '@backon/breaker'
import { hedging } from '@backon/hedge'
import { type Attempt, onException, type Options, type Plugin, retry, timeout, use } from '@backon/core'
import { context, type Span, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { AlwaysOffSampler, BatchSpanProcessor, InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { attributesOf, startReceiver } from '../../../test/otlp-receiver.ts'
import { otelTracing } from './tracing.ts'

const exporter = new InMemorySpanExporter()
const begun: string[] = []
const order = { onStart: (span: Span) => void begun.push(span.spanContext().spanId), onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} }
const tracer = new TracerProvider({ spanProcessors: [order, new SimpleSpanProcessor({ exporter })] }).getTracer('test')
const plugin = otelTracing({ tracer })
const run = (operation: (attempt: Attempt) => unknown, options: Options = {}): Promise<unknown> =>
  retry(operation, { name: 'users', wait: 1, jitter: null, use: [plugin], ...options })

/** The spans in the order in which they began, each as `parent > name`, with what else it says. */
const spans = () => {
  const all = exporter.getFinishedSpans().toSorted((a, b) => begun.indexOf(a.spanContext().spanId) - begun.indexOf(b.spanContext().spanId))
  const nameOf = (id?: string): string => all.find((span) => span.spanContext().spanId === id)?.name ?? ''
  return all.map(({ name, attributes, status, events, parentSpanContext }) => [
    `${nameOf(parentSpanContext?.spanId)} > ${name}`,
    attributes,
    ...(status.code === 2 ? ['ERROR'] : []),
    ...events.map(({ name, attributes }) => ({ [name]: attributes })),
  ])
}

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => context.disable())
afterEach(() => exporter.reset())

test('a call is a span, each attempt a child of it, each wait an event', async () => {
  await run(({ tries }) => {
    if (tries < 2) throw new TypeError('secret')
    return tries
  })

  expect(spans()).toEqual([
    [' > retry users', { 'backon.retry.attempts': 2 }, { wait: { 'backon.retry.wait': 0.001 } }],
    ['retry users > attempt users', { 'backon.retry.attempt': 1, 'error.type': 'TypeError' }, 'ERROR'],
    ['retry users > attempt users', { 'backon.retry.attempt': 2 }],
  ])
})

test('a call that gives up has failed, with the class of its last error', async () => {
  await run(() => Promise.reject(new RangeError()), { maxTries: 1 }).catch(() => {})

  expect(spans()).toEqual([
    [' > retry users', { 'backon.retry.attempts': 1, 'backon.retry.end': 'tries', 'error.type': 'RangeError' }, 'ERROR'],
    ['retry users > attempt users', { 'backon.retry.attempt': 1, 'error.type': 'RangeError' }, 'ERROR'],
  ])
})

test('a call that gives up on a value has failed, its attempts have not', async () => {
  await run(() => 0, { maxTries: 1, predicate: () => true })

  expect(spans()).toEqual([
    [' > retry users', { 'backon.retry.attempts': 1, 'backon.retry.end': 'tries' }, 'ERROR'],
    ['retry users > attempt users', { 'backon.retry.attempt': 1 }],
  ])
})

test('a span that the operation makes nests under its attempt, and the call under what is around it', async () => {
  await tracer.startActiveSpan('request', async (request) => {
    await run(async () => {
      await Promise.resolve()
      tracer.startSpan('query').end()
    })
    request.end()
  })

  expect(spans().map(([name]) => name)).toEqual([' > request', 'request > retry users', 'retry users > attempt users', 'attempt users > query'])
})

test.for([
  ['AbortError', () => new DOMException('', 'AbortError')],
  ['TimeoutError', () => new DOMException('', 'TimeoutError')],
  ['an error of its own', () => new RangeError()],
  ['null', () => null],
] satisfies [string, () => unknown][])("what the caller aborts is no error, neither of the call's span nor of the attempt's: %s", async ([, reason]) => {
  const caller = new AbortController()
  const call: Promise<unknown> = run(() => new Promise(() => {}), { signal: caller.signal }).catch(() => {})
  await Promise.resolve()
  caller.abort(reason())
  await call

  expect(spans()).toEqual([
    [' > retry users', { 'backon.retry.attempts': 1, 'backon.retry.end': 'abort' }],
    ['retry users > attempt users', { 'backon.retry.attempt': 1 }],
  ])
})

test('nor when the operation passes the reason on', async () => {
  const caller = new AbortController()
  const operation = ({ signal }: Attempt): Promise<unknown> => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const call: Promise<unknown> = run(operation, { signal: caller.signal }).catch(() => {})
  await Promise.resolve()
  caller.abort(new RangeError())
  await call

  expect(spans()[1]).toEqual(['retry users > attempt users', { 'backon.retry.attempt': 1 }])
})

test('a circuit that opens is an event of the call in which it did', async () => {
  const breaker = new CircuitBreaker({ name: 'db', failureThreshold: 1 })
  await run(() => Promise.reject(new TypeError()), { maxTries: 1, use: [plugin, breaker] }).catch(() => {})

  expect(spans()[0]).toEqual([' > retry users', { 'backon.retry.attempts': 1, 'backon.retry.end': 'tries', 'error.type': 'TypeError' }, 'ERROR', { 'circuit.open': { breaker: 'db' } }])
})

test('an attempt that sends a request again says which resend it is', async () => {
  const send = Object.assign(() => Promise.reject(new TypeError()), { http: true })
  await run(send, { maxTries: 3, wait: 0 }).catch(() => {})

  expect(spans().slice(1).map(([, attributes]: any) => attributes['http.request.resend_count'])).toEqual([undefined, 1, 2])
})

test('an attempt whose time is up ends at once, and a late answer changes nothing', async () => {
  let late: (value: unknown) => void
  await run(() => new Promise((resolve) => (late = resolve)), { maxTries: 1, maxTime: 5 }).catch(() => {})
  late!(1)
  await Promise.resolve()

  expect(spans()[1]).toEqual(['retry users > attempt users', { 'backon.retry.attempt': 1, 'error.type': 'TimeoutError' }, 'ERROR'])
})

test('an attempt that has timed out ends at once', async () => {
  await run(() => new Promise(() => {}), { maxTries: 1, use: [timeout(5), plugin] }).catch(() => {})

  expect(spans()[1]).toEqual(['retry users > attempt users', { 'backon.retry.attempt': 1, 'error.type': 'TimeoutError' }, 'ERROR'])
})

test('a call that an open circuit refuses is a span too', async () => {
  const breaker = new CircuitBreaker({ name: 'db' })
  breaker.isolate()
  await run(() => 1, { use: [breaker, plugin] }).catch(() => {})

  expect(spans()).toEqual([[' > retry users', { 'backon.retry.attempts': 1, 'backon.retry.end': 'refused', 'error.type': 'CircuitOpenError' }, 'ERROR']])
})

test('each call of a wrapped function has a span of its own', async () => {
  const wrapped = onException(1, Error, { name: 'users', use: [plugin] })(async () => 1)
  await Promise.all([wrapped(), wrapped()])

  expect(spans().map(([name]) => name)).toEqual([' > retry users', 'retry users > attempt users', ' > retry users', 'retry users > attempt users'])
})

test('a call that is not sampled hands that on, and makes no span of an attempt', async () => {
  const unsampled = new TracerProvider({ sampler: new AlwaysOffSampler(), spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer('test')
  const flags = await run(() => trace.getActiveSpan()?.spanContext().traceFlags, { use: [otelTracing({ tracer: unsampled })] })

  expect(flags).toBe(0)
  expect(spans()).toEqual([])
})

test('hedged copies are spans side by side; one that lost has not failed', async () => {
  const undo = use(plugin)
  let copies = 0
  await run(() => (++copies === 2 ? Promise.resolve(1) : new Promise(() => {})), { use: [hedging({ wait: 2, maxHedge: 2 })] })
  undo()

  expect(spans()).toEqual([
    [' > retry users', { 'backon.retry.attempts': 1 }],
    ['retry users > attempt users', { 'backon.retry.attempt': 1 }],
    ['retry users > attempt users', { 'backon.retry.attempt': 1 }],
  ])
})

test.for([[undefined], [null], ['x'], [Object.create(null)], [Object.freeze(new Error())]])('what is thrown comes out as it is: %j', async ([thrown]) => {
  await expect(run(() => Promise.reject(thrown), { maxTries: 1 })).rejects.toBe(thrown)
})

test('without a tracer of its own it asks the global provider, and a plain value stays one', async () => {
  const direct: Plugin = otelTracing()
  const attempt = { tries: 1, details: { call: {}, name: '' }, whenAborted: () => () => {} } as unknown as Attempt

  expect(direct.wrap!(() => 5)(attempt)).toBe(5)
  expect(() => direct.wrap!(() => { throw new TypeError() })(attempt)).toThrow(TypeError)
})

test('real OTLP exporters bring the spans to a receiver, with a fetch that is instrumented nested in its attempt', async () => {
  const receiver = await startReceiver()
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` }) })] })
  const own = provider.getTracer('test')
  const upstream = createServer((_, response) => void response.writeHead(503).end())
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as { port: number }

  await run(async ({ signal }) => {
    const span = own.startSpan('GET')
    const response = await fetch(`http://127.0.0.1:${port}`, { signal })
    span.end()
    if (!response.ok) throw new TypeError(String(response.status))
  }, { maxTries: 2, use: [otelTracing({ tracer: own })] }).catch(() => {})
  await provider.shutdown()
  upstream.close()
  receiver.stop()

  const call = receiver.spans.find(({ name }) => name === 'retry users')
  const attempts = receiver.spans.filter(({ name }) => name === 'attempt users')
  expect(attributesOf(call)).toEqual({ 'backon.retry.attempts': 2, 'backon.retry.end': 'tries', 'error.type': 'TypeError' })
  expect(call.status.code).toBe('STATUS_CODE_ERROR')
  expect(call.events.map(({ name }: any) => name)).toEqual(['wait'])
  expect(attempts.map((span) => [span.parentSpanId, attributesOf(span)['backon.retry.attempt']])).toEqual([[call.spanId, 1], [call.spanId, 2]])
  expect(receiver.spans.filter(({ name }) => name === 'GET').map(({ parentSpanId }) => parentSpanId)).toEqual(attempts.map(({ spanId }) => spanId))
  expect(trace.getActiveSpan()).toBeUndefined()
})
