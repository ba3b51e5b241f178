import type { Details, Plugin } from '@backon/core'
import { type Meter, type MeterProvider, metrics } from '@opentelemetry/api'
import { exceptionType, perLabel } from '@backon/core/kit'

/** Where the metrics go: one of the two, or neither. */
export interface OtelMetricsOptions {
  /** Makes the instruments. */
  meter?: Meter | undefined
  /** Gives the meter, named `@backon/metrics-otel`. Default: the global one, as soon as there is one. */
  meterProvider?: MeterProvider | undefined
  /** Upper bounds, in seconds and ascending, of the two histograms of time. Default: 9 from 3 ms to 30 s. A view of the SDK overrides it. */
  buckets?: number[] | undefined
}

/** What the events of @backon/breaker and @backon/hedge tell, as far as it is counted: neither package is needed here. */
interface CircuitFact {
  readonly breaker: string
  readonly to: string
}
interface HedgeFact {
  readonly name: string
  readonly copy: number
}

// Attribute objects are made once: on the way of a call that succeeds there is nothing to allocate.
const attributes = /* @__PURE__ */ perLabel(1_000, (target) => ({
  _target: { target },
  _type: perLabel(60, (exception_type) => ({ target, exception_type })),
  _outcome: perLabel(9, (outcome) => ({ target, outcome })),
}))
const breakerAttributes = /* @__PURE__ */ perLabel(1_000, (breaker) => ({ breaker }))

/** Makes the instruments, and what is to be done with them at each event; says whether they count at all. */
const watcher = (meter: Meter, buckets: number[]) => {
  const counter = (name: string) => meter.createCounter('backon.' + name)
  const histogram = (name: string, explicitBucketBoundaries: number[], unit = 's') =>
    meter.createHistogram('backon.retry.' + name, { unit, advice: { explicitBucketBoundaries } })
  const attempts = counter('retry.attempts')
  const success = counter('retry.success')
  const failure = counter('retry.failure')
  const durations = histogram('attempt_duration', buckets)
  const waits = histogram('wait', buckets)
  const calls = histogram('call_attempts', [1, 2, 3, 4, 5, 10], '1')
  const open = counter('circuit_breaker.open')
  const close = counter('circuit_breaker.close')
  const rejected = counter('circuit_breaker.rejected')
  const state = meter.createGauge('backon.circuit_breaker.state')
  const requests = counter('hedge.requests')
  const wins = counter('hedge.wins')

  // The attempt that a wait has followed is counted by then; a call can still end in that wait, with the same record.
  const counted = new WeakMap<object, number>()
  const ended = (details: Details, outcome?: string) => {
    const { call, tries } = details
    const of = attributes(details.name)
    const type = of._type(exceptionType(details))
    if (counted.get(call) !== tries) {
      attempts.add(1, type)
      durations.record(details.duration! / 1000, type)
    }
    if (outcome) calls.record(tries, of._outcome(outcome))
    return type
  }
  const changed = ({ breaker, to }: CircuitFact): { breaker: string } => {
    const attribute = breakerAttributes(breaker)
    for (const one of ['closed', 'open', 'half-open']) state.record(+(one === to), { ...attribute, state: one })
    return attribute
  }

  const hooks = {
    onSuccess(details: Details) {
      ended(details, 'success')
      success.add(1, attributes(details.name)._target)
    },
    onBackoff(details: Details) {
      ended(details)
      counted.set(details.call, details.tries)
      // To sleep for ever is allowed; in a sum it would stay for ever.
      if (details.wait! < Infinity) waits.record(details.wait! / 1000, attributes(details.name)._target)
    },
    onGiveup: (details: Details) => failure.add(1, ended(details, 'failure')),
    onAbort: (details: Details) => void ended(details, 'aborted'),
    onCircuitOpen: (fact: CircuitFact) => open.add(1, changed(fact)),
    onCircuitHalfOpen: (fact: CircuitFact) => void changed(fact),
    onCircuitClose: (fact: CircuitFact) => close.add(1, changed(fact)),
    onCircuitReject: ({ breaker }: CircuitFact) => rejected.add(1, breakerAttributes(breaker)),
    onHedge: ({ name }: HedgeFact) => requests.add(1, attributes(name)._target),
    onHedgeWin: ({ name, copy }: HedgeFact) => wins.add(1, { ...attributes(name)._target, copy }),
  }
  // A no-op meter has one counter for all names. (It is told by that because there may be two copies of the API, each with its own.)
  return { _idle: attempts === success, _hooks: hooks as any }
}

/**
 * Makes a plugin that counts what retries, breakers and hedges do with OpenTelemetry: for `use()` or `options.use`.
 * A meter that is the API's no-op one stays so: the plugin then watches nothing and costs nothing. Without `meter` and
 * `meterProvider` it waits for a global provider, which may be registered at any time later.
 */
export const otelMetrics = ({ meter, meterProvider, buckets = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30] }: OtelMetricsOptions = {}): Plugin => {
  const scope = '@backon/metrics-otel'
  let provider = metrics.getMeterProvider()
  const make = () => watcher(meter ?? (meterProvider ?? provider).getMeter(scope), buckets)
  let { _idle, _hooks } = make()
  if (!_idle) return _hooks
  if (meter ?? meterProvider) return { timeless: true }
  const late = () => {
    if (provider !== metrics.getMeterProvider()) {
      provider = metrics.getMeterProvider()
      ;({ _hooks } = make())
    }
    return _hooks
  }
  return Object.fromEntries(Object.keys(_hooks).map((event) => [event, (fact: unknown) => late()[event](fact)]))
}
