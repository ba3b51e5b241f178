import type { Details, Plugin } from '@backon/core'
import { check, countCalls, exceptionType, invalid, type Level, levels, optionsOf, perLabel } from '@backon/core/kit'
import { register as processWide, type Registry } from 'prom-client'
import { foreign, type Kind, labelsOf, metricOf } from './metric.ts'

/** Where the metrics go, and how they are named. */
export interface PrometheusMetricsOptions {
  /** The registry to register at; no other is touched. Default: prom-client's own, `register`. */
  register?: Registry<any> | undefined
  /** Put before every name: `shop_` makes `shop_backon_retry_attempts_total`. Default `''`. */
  prefix?: string | undefined
  /** Upper bounds, in seconds and ascending, of the three histograms of time. Default: 9 from 3 ms to 30 s. */
  buckets?: readonly number[] | undefined
  /**
   * Labels of your own on every series of a call (`backon_retry_…`, `backon_hedge_…`): `({ args }) => ({ region: 'eu' })`. The names in its
   * first answer are the labels, and the metrics are registered then; a name that is missing later is `''`, a further one is left out. A
   * target with its labels is one of the 1,000 that get series of their own: give what has few values. Default none.
   */
  attributes?: ((details: Details) => Readonly<Record<string, string | number | boolean>>) | undefined
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

// Two names that differ in this only must not make two series of one name: a scrape with those fails.
const clean = (value: unknown): string => String(value).replaceAll('\0', '')

const label = /* @__PURE__ */ perLabel(1_000, clean)

/**
 * Makes a plugin that counts what retries, breakers, hedges and limits do, in the registry given: for `use()` or `options.use`. Gauges
 * are read from what lives when the registry is scraped. Safe to make twice for one registry: the second counts in the metrics of the
 * first. (To join one call twice counts it twice.) Throws when the registry holds a metric of one of the names with other labels, and
 * when an option is unusable.
 *
 * @example
 * use(prometheusMetrics())
 * server.on('request', async (_, response) => response.end(await register.metrics()))
 */
export const prometheusMetrics = (options: PrometheusMetricsOptions = {}): Plugin => {
  const { register = processWide, prefix = '', buckets = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30], attributes } = optionsOf('prometheusMetrics', options, ['register', 'prefix', 'buckets', 'attributes'])
  check('function', { attributes })
  if (!/^([a-z_:][\w:]*)?$/i.test(prefix)) invalid('prefix', 'letters, digits, _ and :, with no digit first', prefix)
  if (!buckets.length || !buckets.every((bound, i) => bound > (buckets[i - 1] ?? -Infinity))) {
    throw new RangeError(`buckets must be an ascending list of numbers; got ${String(buckets)}`)
  }
  /** The names of the caller's own labels: unknown before the first call. */
  let own: readonly string[] | undefined = attributes ? undefined : []
  const holds: (() => void)[] = []
  /** Gives what counts in a metric. It asks each time whether the registry holds it still: after `clear()` nobody would show what is counted. */
  const metric = (line: string, help: string, kind: Kind = {}) => {
    const [short, ...labels] = line.split(' ')
    const name = `${prefix}backon_${short}`
    let held: unknown = holds
    let add: (key: string, value: number) => void
    const hold = (): void => {
      const ofCall = /retry|hedge/.test(short!)
      if (ofCall && !own) return
      const labelNames = ofCall ? [...labels, ...own!] : labels
      let found: any = register.getSingleMetric(name)
      try {
        if (!found) register.registerMetric((found = metricOf(name, help, labelNames, kind)) as never)
        // Of somebody else's: takes nothing away, and says whether it has such labels.
        else if (found.add ? String(found.labelNames) !== String(labelNames) : found.remove(labelsOf(labelNames, '\0'))) throw found
      } catch (cause) {
        throw new Error(`metric ${name} has other labels here; give another prefix`, { cause })
      }
      held = found
      add = found.add ?? foreign(found, labelNames)
    }
    hold()
    holds.push(hold)
    return (key: string, value = 1): void => {
      if (register.getSingleMetric(name) !== held) for (const hold of holds) hold()
      add(key, value)
    }
  }
  const gauge = (line: string, help: string, kind: string, show: (level: Level) => Record<string, number>, aggregator: Kind['aggregator'] = 'max') =>
    metric(line, help, {
      aggregator,
      read: () => levels().flatMap((level) =>
        level.kind === kind
          ? Object.entries(show(level)).map(([state, value]) => ({ value, labels: labelsOf(line.split(' ').slice(1), `${level.name || 'anonymous'}\0${state}`) }))
          : []),
    })
  const valueOf = (kind: string, value: string, help: string, aggregator?: Kind['aggregator']) =>
    gauge(`${kind}_${value} ${kind}`, help, kind, ({ values }) => ({ '': values?.[value] ?? 0 }), aggregator)
  const time: Kind = { bounds: buckets }

  const attempts = metric('retry_attempts_total exception_type target', 'Attempts that ran.')
  const success = metric('retry_success_total target', 'Calls that succeeded.')
  const failure = metric('retry_failure_total exception_type reason target', 'Calls given up.')
  const durations = metric('retry_attempt_duration_seconds exception_type target', 'Seconds that an attempt took.', time)
  const waits = metric('retry_wait_seconds target', 'Seconds waited before a further attempt.', time)
  const calls = metric('retry_call_attempts outcome target', 'Attempts that ran in a call.', { bounds: [1, 2, 3, 4, 5, 10] })
  const whole = metric('retry_call_duration_seconds outcome target', 'Seconds that a call took, waits included.', time)
  const refused = metric('refused_total by target', 'Attempts, retries and copies that were refused and did not run.')
  const opened = metric('circuit_breaker_open_total breaker', 'Openings of a circuit.')
  const closed = metric('circuit_breaker_close_total breaker', 'Closings of a circuit.')
  const rejected = metric('circuit_breaker_rejected_total breaker', 'Attempts that a circuit refused.')
  gauge('circuit_breaker_state breaker state', 'Whether a circuit is in this state: 1 or 0.', 'circuit', ({ state }) =>
    Object.fromEntries(['closed', 'open', 'half-open', 'isolated'].map((one) => [one, +(one === state)])))
  const requests = metric('hedge_requests_total target', 'Further copies that were started.')
  const wins = metric('hedge_wins_total copy target', 'Hedged attempts, by the copy that won.')
  const failures = metric('hedge_failures_total exception_type target', 'Copies that failed.')
  const queued = metric('limit_waits_total limit', 'Calls that waited for a limit.')
  valueOf('limit', 'running', 'Calls that run in a limit.')
  valueOf('limit', 'queued', 'Calls that wait for a limit.')
  valueOf('budget', 'balance', 'Retries that a budget allows.', 'min')
  valueOf('throttle', 'probability', 'Share of the calls that a throttle refuses.')

  // What a success touches is made once: to put a key together takes longer than to count.
  const target = perLabel(1_000, (label) => {
    const key = attributes ? label : clean(label)
    const _key = attributes && key === 'other' ? key + '\0other'.repeat(own!.length) : key
    return { _key, _none: `none\0${_key}`, _success: `success\0${_key}` }
  })
  /** Finds what the keys of all series of a call are made of. */
  const keysOf = (details: Details) => {
    if (!attributes) return target(details.name)
    const values = attributes(details)
    own ??= Object.keys(values).map((name) => (/^(?!(target|exception_type|reason|outcome|copy|le)$)[a-z_]\w*$/i.test(name) ? name : invalid('attributes', 'named by letters, digits and _, and unlike the other labels', name)))
    return target([details.name || 'anonymous', ...own.map((name) => values[name] ?? '')].map(clean).join('\0'))
  }
  const keyOf = (details: Details): string => keysOf(details)._key
  // Outside a call there is no name but that of who refused.
  const refusedBy = (by: string) => ({ name, breaker, limit, budget, throttle }: Fact) => refused(`${by}\0${label(name ?? breaker ?? limit ?? budget ?? throttle ?? '')}`)
  const byCircuit = refusedBy('circuit')

  // Whose events they are says what they tell; here it is enough that what is counted is there.
  const plugin: object = {
    ...countCalls({
      of: keysOf,
      attempt({ _key, _none }, outcome, ms) {
        const key = outcome ? `${exceptionType(outcome)}\0${_key}` : _none
        attempts(key)
        durations(key, ms / 1000)
      },
      wait: ({ _key }, ms) => waits(_key, ms / 1000),
      success: ({ _key }) => success(_key),
      failure: ({ _key }, details) => failure(`${exceptionType(details)}\0${details.end}\0${_key}`),
      end({ _key, _success }, outcome, tries, ms) {
        const key = outcome === 'success' ? _success : `${outcome}\0${_key}`
        calls(key, tries)
        whole(key, ms / 1000)
      },
    }),
    onCircuitOpen: ({ breaker }: Fact) => opened(label(breaker!)),
    onCircuitClose: ({ breaker }: Fact) => closed(label(breaker!)),
    onCircuitReject(fact: Fact) {
      rejected(label(fact.breaker!))
      byCircuit(fact)
    },
    onHedge: (fact: HedgeFact) => requests(keyOf(fact)),
    onHedgeWin: (fact: HedgeFact) => wins(`${fact.copy}\0${keyOf(fact)}`),
    onHedgeFail: (fact: HedgeFact) => failures(`${exceptionType(fact)}\0${keyOf(fact)}`),
    onLimitWait: ({ limit }: Fact) => queued(label(limit!)),
    onLimitReject: refusedBy('limit'),
    onBudgetReject: refusedBy('budget'),
    onThrottleReject: refusedBy('throttle'),
  }
  return plugin
}
