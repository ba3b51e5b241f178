import type { AbortDetails, Details, Operation, Plugin } from '@backon/core'
import { className, optionsOf } from '@backon/core/kit'
import { type Attributes, type Context, context, type Span, type SpanOptions, trace, type Tracer } from '@opentelemetry/api'

/** Who makes the spans. */
export interface OtelTracingOptions {
  /** Default: the global provider's, named `@backon/metrics-otel`; the provider may come later. */
  tracer?: Tracer | undefined
}

/** What the event of a breaker tells, as far as it is drawn. */
interface CircuitFact {
  readonly breaker: string
  readonly call: object | undefined
}

/** Ends a span, once. What has failed is named by the class of its exception, never by the message. */
const end = (span: Span | undefined, facts: { readonly exception?: any }, failed = 'exception' in facts): void => {
  // Ended already, or not sampled.
  if (!span?.isRecording()) return
  if (failed) {
    span.setStatus({ code: 2 })
    if ('exception' in facts) span.setAttribute('error.type', className(facts.exception))
  }
  span.end()
}

/** A copy that another was faster than has done nothing wrong. */
const isLost = (reason: any): boolean => reason?.lost === true || reason?.name === 'AbortError'

/**
 * Makes a plugin that draws each call as a span, and each attempt as a child of it, which is active while the operation
 * runs: the spans of an instrumented `fetch` nest under it. Waits and circuits that open are events of the call's span. For `use()` or
 * `options.use`, last in the list: what stands outside it, such as hedging, shows each of its copies as a span of its own.
 * What its caller has aborted, and a copy that has lost, are no errors.
 *
 * @example
 * use(otelTracing())
 */
export const otelTracing = (options: OtelTracingOptions = {}): Plugin => {
  const { tracer = trace.getTracer('@backon/metrics-otel') } = optionsOf('otelTracing', options, ['tracer'])
  const spans = new WeakMap<object, Span>()
  const aborted = new WeakSet<object>()
  const start = (what: string, name: string, options?: SpanOptions, around?: Context): Span => tracer.startSpan(what + (name || 'anonymous'), options, around)
  const ended = (failed: boolean) => (details: Details): void => {
    const span = spans.get(details.call)
    span?.setAttribute('backon.retry.attempts', details.tries)
    if (details.end && details.end !== 'success') span?.setAttribute('backon.retry.end', details.end)
    end(span, details, failed)
  }
  const cutOff = ended(false)
  // Whose events they are says what they tell; here it is enough that what is counted is there.
  const plugin: object = {
    innermost: true,
    onAttempt({ call, name, tries }: Details) {
      if (tries < 2) spans.set(call, start('retry ', name))
    },
    wrap: <T>(next: Operation<T>): Operation<T> => (attempt) => {
      const { call, name, target } = attempt.details
      const parent = spans.get(call)
      // Told, not left to what is active: a sleep of the caller's own may wake up anywhere.
      const around = parent ? trace.setSpan(context.active(), parent) : context.active()
      // Not sampled, or no SDK: what is inside still has to see that.
      if (parent?.isRecording() === false) return context.with(around, next, undefined, attempt)
      const attributes: Attributes = { 'backon.retry.attempt': attempt.tries }
      // Who sends requests says so of its operation: that this is one sent again has a name of its own.
      if ((target as any)?.http && attempt.tries > 1) attributes['http.request.resend_count'] = attempt.tries - 1
      const span = start('attempt ', name, { attributes }, around)
      const failed = (exception: unknown): never => {
        if (!attempt.aborted) end(span, { exception })
        throw exception
      }
      const passed = (value: T): T => {
        if (!attempt.aborted) end(span, {})
        return value
      }
      // Whether it was the caller is told right after this, as the end of the call.
      attempt.whenAborted((exception) => queueMicrotask(() => end(span, { exception }, !isLost(exception) && !aborted.has(call))))
      try {
        const result: any = context.with(trace.setSpan(around, span), next, undefined, attempt)
        return typeof result?.then === 'function' ? Promise.resolve(result).then(passed, failed) : passed(result)
      } catch (exception) {
        return failed(exception)
      }
    },
    onBackoff: ({ call, wait }: Details) => spans.get(call)?.addEvent('wait', { 'backon.retry.wait': wait! / 1000 }),
    onCircuitOpen: ({ breaker, call }: CircuitFact) => spans.get(call!)?.addEvent('circuit.open', { breaker }),
    onSuccess: ended(false),
    onGiveup: ended(true),
    onAbort(details: AbortDetails) {
      aborted.add(details.call)
      cutOff(details)
    },
  }
  return plugin
}
