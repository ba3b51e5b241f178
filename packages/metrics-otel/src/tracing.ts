import type { Details, Operation, Plugin } from '@backon/core'
import { type Context, context, type Span, type SpanOptions, trace, type Tracer } from '@opentelemetry/api'
import { className } from '@backon/core/kit'

/** Who makes the spans. */
export interface OtelTracingOptions {
  /** Default: the global provider's, named `@backon/metrics-otel`; the provider may come later. */
  tracer?: Tracer | undefined
}

/** Ends a span, once. One that failed is named by the class of its exception, never by the message. */
const end = (span: Span | undefined, facts: { readonly exception?: any }, failed = 'exception' in facts): void => {
  // Ended already, or not sampled.
  if (!span?.isRecording()) return
  const { exception } = facts
  // A copy that another was faster than has done nothing wrong.
  if (failed && exception?.name !== 'HedgeLostError') span.setStatus({ code: 2 })
  if ('exception' in facts) span.setAttribute('error.type', className(exception))
  span.end()
}

/**
 * Makes a plugin that draws each call as a span, and each attempt as a child of it, which is active while the operation
 * runs: the spans of an instrumented `fetch` nest under it. Waits are events of the call's span. For `use()` or
 * `options.use`, last in the list: what stands outside it, such as hedging, shows each of its copies as a span of its own.
 */
export const otelTracing = ({ tracer = trace.getTracer('@backon/metrics-otel') }: OtelTracingOptions = {}): Plugin => {
  const spans = new WeakMap<object, Span>()
  const start = (what: string, name: string, options?: SpanOptions, around?: Context): Span => tracer.startSpan(what + (name || 'anonymous'), options, around)
  const ended = (failed: boolean) => (details: Details): void => {
    const span = spans.get(details.call)
    span?.setAttribute('backon.retry.attempts', details.tries)
    end(span, details, failed)
  }
  return {
    innermost: true,
    onAttempt({ call, name, tries }) {
      if (tries < 2) spans.set(call, start('retry ', name))
    },
    wrap: <T>(next: Operation<T>): Operation<T> => (attempt) => {
      const { call, name } = attempt.details
      const parent = spans.get(call)
      // Told, not left to what is active: a sleep of the caller's own may wake up anywhere.
      const around = parent ? trace.setSpan(context.active(), parent) : context.active()
      // Not sampled, or no SDK: what is inside still has to see that.
      if (parent?.isRecording() === false) return context.with(around, next, undefined, attempt)
      const span = start('attempt ', name, { attributes: { 'backon.retry.attempt': attempt.tries } }, around)
      const failed = (exception: unknown): never => {
        end(span, { exception })
        throw exception
      }
      const passed = (value: T): T => {
        end(span, {})
        return value
      }
      attempt.whenAborted((exception) => end(span, { exception }))
      try {
        const result: any = context.with(trace.setSpan(around, span), next, undefined, attempt)
        return typeof result?.then === 'function' ? Promise.resolve(result).then(passed, failed) : passed(result)
      } catch (exception) {
        return failed(exception)
      }
    },
    onBackoff: ({ call, wait }) => spans.get(call)?.addEvent('wait', { 'backon.retry.wait': wait! / 1000 }),
    onSuccess: ended(false),
    onGiveup: ended(true),
    onAbort: ended(true),
  }
}
