import type { Details, Plugin } from '@backon/core'
import { register as processWide, type Registry } from 'prom-client'
import { exceptionType, perLabel } from '@backon/core/kit'
import { type Series, seriesOf } from './series.ts'

/** Where the metrics go, and how they are named. */
export interface PrometheusMetricsOptions {
  /** The registry to register at; no other is touched. Default: prom-client's own, `register`. */
  register?: Registry<any> | undefined
  /** Put before every name: `shop_` makes `shop_backon_retry_attempts_total`. Default `''`. */
  prefix?: string | undefined
  /** Upper bounds, in seconds and ascending, of the two histograms of time. Default: 9 from 3 ms to 30 s. */
  buckets?: readonly number[] | undefined
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

/**
 * Makes a plugin that counts what retries, breakers and hedges do, in the registry given: for `use()` or `options.use`.
 * Safe to make twice for one registry: the second counts in the metrics of the first. (To join one call twice counts it
 * twice.) Throws when the registry holds a metric of one of the names with other labels, and when an option is unusable.
 */
export const prometheusMetrics = ({
  register = processWide,
  prefix = '',
  buckets = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
}: PrometheusMetricsOptions = {}): Plugin => {
  if (!buckets.length || !buckets.every((bound, i) => bound > (buckets[i - 1] ?? -Infinity))) {
    throw new RangeError(`buckets must be an ascending list of numbers; got ${String(buckets)}`)
  }
  const metric = (line: string, bounds?: readonly number[]): Series => {
    const [name, ...labels] = line.split(' ')
    return seriesOf(register, `${prefix}backon_${name}`, labels, bounds)
  }
  const attempts = metric('retry_attempts_total exception_type target')
  const success = metric('retry_success_total target')
  const failure = metric('retry_failure_total exception_type target')
  const durations = metric('retry_attempt_duration_seconds exception_type target', buckets)
  const waits = metric('retry_wait_seconds target', buckets)
  const calls = metric('retry_call_attempts outcome target', [1, 2, 3, 4, 5, 10])
  const open = metric('circuit_breaker_open_total breaker')
  const close = metric('circuit_breaker_close_total breaker')
  const rejected = metric('circuit_breaker_rejected_total breaker')
  const state = metric('circuit_breaker_state state breaker')
  const requests = metric('hedge_requests_total target')
  const wins = metric('hedge_wins_total copy target')

  const succeeded = perLabel(1_000, (name) => {
    const [attempt, duration, call, one] = [attempts(name)(), durations(name)(), calls(name)('success'), success(name)()]
    return (details: Details): void => {
      attempt()
      duration(details.duration! / 1000)
      call(details.tries)
      one()
    }
  })
  // The attempt that a wait has followed is counted by then; a call can still end in that wait, with the same record.
  const counted = new WeakMap<object, number>()
  const failed = (details: Details, outcome?: string): string => {
    const { call, name, tries } = details
    const type = exceptionType(details)
    if (counted.get(call) !== tries) {
      attempts(name)(type)()
      durations(name)(type)(details.duration! / 1000)
      counted.set(call, tries)
    }
    if (outcome) calls(name)(outcome)(tries)
    return type
  }
  const changed = (count?: Series) => ({ breaker, to }: CircuitFact): void => {
    count?.(breaker)()()
    for (const one of ['closed', 'open', 'half-open']) state(breaker)(one)(+(one === to))
  }

  const plugin = {
    onSuccess: (details: Details) => succeeded(details.name)(details),
    onBackoff(details: Details) {
      failed(details)
      // To sleep for ever is allowed; in a sum it would stay for ever.
      if (details.wait! < Infinity) waits(details.name)()(details.wait! / 1000)
    },
    onGiveup: (details: Details) => failure(details.name)(failed(details, 'failure'))(),
    onAbort: (details: Details) => void failed(details, 'aborted'),
    onCircuitOpen: changed(open),
    onCircuitHalfOpen: changed(),
    onCircuitClose: changed(close),
    onCircuitReject: ({ breaker }: CircuitFact) => rejected(breaker)()(),
    onHedge: ({ name }: HedgeFact) => requests(name)()(),
    onHedgeWin: ({ name, copy }: HedgeFact) => wins(name)(String(copy))(),
  }
  return plugin
}
