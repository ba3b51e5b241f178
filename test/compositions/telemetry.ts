import type { Meter, Tracer } from '@opentelemetry/api'

/** A meter that adds up what its instruments are given, by the names of the other package: `retry.call_attempts` is `retry_call_attempts_sum` and `…_count`. */
export const meterThatAdds = (): { meter: Meter; counted: () => Promise<ReadonlyMap<string, number>> } => {
  const found = new Map<string, number>()
  const add = (name: string, value: number): void => void found.set(name, (found.get(name) ?? 0) + value)
  const nameOf = (name: string): string => name.replace(/^backon\./, '').replaceAll('.', '_')
  const meter = {
    createCounter: (name: string) => ({ add: (value: number) => add(nameOf(name), value) }),
    createHistogram: (name: string) => ({
      record(value: number) {
        add(`${nameOf(name)}_sum`, value)
        add(`${nameOf(name)}_count`, 1)
      },
    }),
    createObservableGauge: () => ({ addCallback() {} }),
  }
  return { meter: meter as unknown as Meter, counted: () => Promise.resolve(found) }
}

/** A tracer that counts how often each of its spans is ended. */
export const tracerThatCounts = (): { tracer: Tracer; spans: { ended: number }[] } => {
  const spans: { ended: number }[] = []
  const startSpan = () => {
    const span = { ended: 0, isRecording: () => span.ended === 0, end: () => void span.ended++, setAttribute: () => span, setStatus: () => span, addEvent: () => span }
    spans.push(span)
    return span
  }
  return { tracer: { startSpan } as unknown as Tracer, spans }
}
