import type { Details, GiveupDetails, Plugin } from '@backon/core'
import { check, countCalls, exceptionType, type Level, levels, optionsOf, perLabel } from '@backon/core/kit'
import { type Attributes, diag, type Meter, type MeterProvider, metrics } from '@opentelemetry/api'

/** Where the metrics go: one of the two, or neither; and what they say besides. */
export interface OtelMetricsOptions {
  /** Makes the instruments. */
  meter?: Meter | undefined
  /** Gives the meter, named `@backon/metrics-otel`. Default: the global one, as soon as there is one. */
  meterProvider?: MeterProvider | undefined
  /** Upper bounds, in seconds and ascending, of the three histograms of time. Default: 9 from 3 ms to 30 s. A view of the SDK overrides it. */
  buckets?: number[] | undefined
  /**
   * Attributes of your own on every value of a call (`backon.retry.…`, `backon.hedge.…`): `({ args }) => ({ region: 'eu' })`. A target with its
   * attributes is one of the 1,000 that are told apart: give what has few values. Default none.
   */
  attributes?: ((details: Details) => Attributes) | undefined
}

/** What the events of breakers and limits tell, as far as it is counted: none of their packages is needed here. */
interface Fact {
  /** Of the call, where there is one. */
  readonly name?: string
  readonly breaker?: string
  readonly limit?: string
  readonly budget?: string
  readonly throttle?: string
}
interface HedgeFact extends Details {
  readonly copy: number
}

/** Tells apart 1,000 of what has a name: attributes are made once, as on the way of a call that succeeds there is nothing to allocate. */
const named = (attribute: string) => perLabel(1_000, (name): Attributes => ({ [attribute]: name }))
const [breakers, limits] = [/* @__PURE__ */ named('breaker'), /* @__PURE__ */ named('limit')]
const label = /* @__PURE__ */ perLabel(1_000, String)

/** Makes the instruments, and what is to be done with them at each event; says whether they count at all. */
const watcher = (meter: Meter, buckets: number[], own: OtelMetricsOptions['attributes']) => {
  /** A meter may know less than the newest API; what it can make counts. */
  const make = (kind: 'Counter' | 'Histogram' | 'ObservableGauge', name: string, unit: string, description: string, bounds?: number[]): any => {
    if ((meter as any)['create' + kind]) return (meter as any)['create' + kind]('backon.' + name, { unit, description, ...(bounds && { advice: { explicitBucketBoundaries: bounds } }) })
    diag.warn(`backon.${name} is not counted: the meter has no create${kind}`)
    return {}
  }
  const counter = (name: string, unit: string, description: string) => make('Counter', name, unit, description)
  const seconds = (name: string, description: string) => make('Histogram', name, 's', description, buckets)
  const gauge = (kind: string, name: string, unit: string, description: string, show: (level: Level) => Record<string, number>, attribute = kind, second = '') => {
    let before = new Map<string, Attributes>()
    make('ObservableGauge', name, unit, description).addCallback?.((result: any) => {
      const now = new Map<string, Attributes>()
      for (const level of levels()) {
        if (level.kind !== kind) continue
        for (const [value, number] of Object.entries(show(level))) {
          const attributes = { [attribute]: level.name || 'anonymous', ...(second && { [second]: value }) }
          now.set(level.name + value, attributes)
          result.observe(number, attributes)
        }
      }
      // An SDK that adds up repeats the last value of what is gone, for ever: no number ends that, and fires no alert.
      for (const [key, attributes] of before) if (!now.has(key)) result.observe(NaN, attributes)
      before = now
    })
  }
  const valueOf = (kind: string, value: string, unit: string, description: string) => gauge(kind, `${kind}.${value}`, unit, description, ({ values }) => ({ '': values?.[value] ?? 0 }))

  const attempts = counter('retry.attempts', '{attempt}', 'Attempts that ran.')
  const success = counter('retry.success', '{call}', 'Calls that succeeded.')
  const failure = counter('retry.failure', '{call}', 'Calls given up.')
  const durations = seconds('retry.attempt_duration', 'How long an attempt took.')
  const waits = seconds('retry.wait', 'Waits before a further attempt.')
  const calls = make('Histogram', 'retry.call_attempts', '{attempt}', 'Attempts that ran in a call.', [1, 2, 3, 4, 5, 10])
  const whole = seconds('retry.call_duration', 'How long a call took, waits included.')
  const refused = counter('refused', '{attempt}', 'Attempts, retries and copies that were refused and did not run.')
  const opened = counter('circuit_breaker.open', '{opening}', 'Openings of a circuit.')
  const closed = counter('circuit_breaker.close', '{closing}', 'Closings of a circuit.')
  const rejected = counter('circuit_breaker.rejected', '{attempt}', 'Attempts that a circuit refused.')
  gauge('circuit', 'circuit_breaker.state', '1', 'Whether a circuit is in this state: 1 or 0.', ({ state }) =>
    Object.fromEntries(['closed', 'open', 'half-open', 'isolated'].map((one) => [one, +(one === state)])), 'breaker', 'state')
  const requests = counter('hedge.requests', '{copy}', 'Further copies that were started.')
  const wins = counter('hedge.wins', '{attempt}', 'Hedged attempts, by the copy that won.')
  const failures = counter('hedge.failures', '{copy}', 'Copies that failed.')
  const queued = counter('limit.waits', '{call}', 'Calls that waited for a limit.')
  valueOf('limit', 'running', '{call}', 'Calls that run in a limit.')
  valueOf('limit', 'queued', '{call}', 'Calls that wait for a limit.')
  valueOf('budget', 'balance', '{retry}', 'Retries that a budget allows.')
  valueOf('throttle', 'probability', '1', 'Share of calls that a throttle refuses.')

  const by = (more: Attributes, name: string) => perLabel(60, (value): Attributes => ({ ...more, [name]: value }))
  const target = perLabel(1_000, (key) => {
    const [target, more] = own && key !== 'other' ? JSON.parse(key) : [key]
    const _target: Attributes = { ...more, target }
    const types = by(_target, 'error.type')
    // What has not failed has no such attribute.
    const ofType = (type: string): Attributes => (type === 'none' ? _target : types(type))
    const reasons = perLabel(60, (type) => by(ofType(type), 'reason'))
    return { _target, _type: (details: Pick<Details, 'exception'>) => ofType(exceptionType(details)), _reason: (details: GiveupDetails) => reasons(exceptionType(details))(details.end), _outcome: by(_target, 'outcome') }
  })
  const of = (details: Details) => target(own ? JSON.stringify([details.name || 'anonymous', own(details)]) : details.name)
  // Outside a call there is no name but that of who refused.
  const refusedBy = (by: string) => ({ name, breaker, limit, budget, throttle }: Fact) => refused.add?.(1, { by, target: label(name ?? breaker ?? limit ?? budget ?? throttle ?? '') })
  const byCircuit = refusedBy('circuit')

  const hooks = {
    ...countCalls({
      of,
      attempt({ _target, _type }, outcome, ms) {
        const attributes = outcome ? _type(outcome) : _target
        attempts.add?.(1, attributes)
        durations.record?.(ms / 1000, attributes)
      },
      wait: ({ _target }, ms) => waits.record?.(ms / 1000, _target),
      success: ({ _target }) => success.add?.(1, _target),
      failure: ({ _reason }, details) => failure.add?.(1, _reason(details)),
      end({ _outcome }, outcome, tries, ms) {
        const attributes = _outcome(outcome)
        calls.record?.(tries, attributes)
        whole.record?.(ms / 1000, attributes)
      },
    }),
    onCircuitOpen: ({ breaker }: Fact) => opened.add?.(1, breakers(breaker!)),
    onCircuitClose: ({ breaker }: Fact) => closed.add?.(1, breakers(breaker!)),
    onCircuitReject(fact: Fact) {
      rejected.add?.(1, breakers(fact.breaker!))
      byCircuit(fact)
    },
    onHedge: (fact: HedgeFact) => requests.add?.(1, of(fact)._target),
    onHedgeWin: (fact: HedgeFact) => wins.add?.(1, { ...of(fact)._target, copy: fact.copy }),
    onHedgeFail: (fact: HedgeFact) => failures.add?.(1, of(fact)._type(fact)),
    onLimitWait: ({ limit }: Fact) => queued.add?.(1, limits(limit!)),
    onLimitReject: refusedBy('limit'),
    onBudgetReject: refusedBy('budget'),
    onThrottleReject: refusedBy('throttle'),
  }
  // A no-op meter has one counter for all names. (It is told by that because there may be two copies of the API, each with its own.)
  return { _idle: attempts === success, _hooks: hooks as any }
}

/**
 * Makes a plugin that counts what retries, breakers, hedges and limits do with OpenTelemetry: for `use()` or `options.use`. Gauges are read
 * from what lives at each export. A meter that is the API's no-op one stays so: the plugin then watches nothing and costs nothing. Without
 * `meter` and `meterProvider` it waits for a global provider, which may be registered at any time later.
 *
 * @example
 * use(otelMetrics())
 */
export const otelMetrics = (options: OtelMetricsOptions = {}): Plugin => {
  const { meter, meterProvider, buckets = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30], attributes } = optionsOf('otelMetrics', options, ['meter', 'meterProvider', 'buckets', 'attributes'])
  check('function', { attributes })
  const scope = '@backon/metrics-otel'
  let provider = metrics.getMeterProvider()
  const make = () => watcher(meter ?? (meterProvider ?? provider).getMeter(scope), buckets, attributes)
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
