import type { Details, Operation, Plugin } from '@backon/core'
import { type Context, context, type Span, trace, type Tracer } from '@opentelemetry/api'
import { className } from './labels.ts'

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
  const ended = (failed: boolean) => (details: Details): void => {
    const span = spans.get(details.call)
    span?.setAttribute('backon.retry.attempts', details.tries)
    end(span, details, failed)
  }
  return {
    innermost: true,
    wrap<T>(next: Operation<T>): Operation<T> {
      const outside = context.active()
      let inside: Context | undefined
      let call: Span
      let name: string
      return (attempt) => {
        if (!inside) {
          const { details } = attempt
          name = details.name || 'anonymous'
          call = tracer.startSpan('retry ' + name, {}, outside)
          spans.set(details.call, call)
          inside = trace.setSpan(outside, call)
        }
        // Not sampled, or no SDK: what is inside still has to see that.
        if (!call.isRecording()) return context.with(inside, next, undefined, attempt)
        const span = tracer.startSpan('attempt ' + name, { attributes: { 'backon.retry.attempt': attempt.tries } }, inside)
        const failed = (exception: unknown): never => {
          end(span, { exception })
          throw exception
        }
        const passed = (value: T): T => {
          end(span, {})
          return value
        }
        const { onabort } = attempt
        attempt.onabort = (exception) => {
          onabort?.(exception)
          end(span, { exception })
        }
        try {
          const result: any = context.with(trace.setSpan(inside, span), next, undefined, attempt)
          return typeof result?.then === 'function' ? Promise.resolve(result).then(passed, failed) : passed(result)
        } catch (exception) {
          return failed(exception)
        }
      }
    },
    onBackoff: ({ call, wait }) => spans.get(call)?.addEvent('wait', { 'backon.retry.wait': wait! / 1000 }),
    onSuccess: ended(false),
    onGiveup: ended(true),
    onAbort: ended(true),
  }
}
