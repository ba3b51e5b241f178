import { setTimeout as pause } from 'node:timers/promises'
import { CircuitBreaker } from '@backon/breaker'
import { type Attempt, emit, type Hooks, type Options, type Plugin, retry } from '@backon/core'
import { hedging } from '@backon/hedge'

/** What is done with a plugin, and the series that it must have changed, and by how much: no more, no fewer. */
export interface Scenario {
  readonly name: string
  readonly run: (plugin: Plugin) => Promise<unknown>
  readonly changes: Record<string, number>
}

/** Fails with these, one after the other, then succeeds. */
const failing = (...errors: unknown[]) => () => {
  if (errors.length > 0) throw errors.shift()
  return 1
}

const retried = (plugin: Plugin, operation: (attempt: Attempt) => unknown, options: Options = {}): Promise<unknown> =>
  retry(operation, { name: 'users', wait: 1, jitter: null, use: [plugin], ...options }).catch(() => {})

const attempts = (type: string, times: number, target = 'users') => ({
  [`backon_retry_attempts_total{exception_type="${type}",target="${target}"}`]: times,
  [`backon_retry_attempt_duration_seconds_count{exception_type="${type}",target="${target}"}`]: times,
})
const waits = (times: number) => ({
  'backon_retry_wait_seconds_count{target="users"}': times,
  'backon_retry_wait_seconds_sum{target="users"}': times / 1000,
})
const call = (outcome: string, tries: number, target = 'users') => ({
  [`backon_retry_call_attempts_count{outcome="${outcome}",target="${target}"}`]: 1,
  [`backon_retry_call_attempts_sum{outcome="${outcome}",target="${target}"}`]: tries,
  [`backon_retry_call_duration_seconds_count{outcome="${outcome}",target="${target}"}`]: 1,
  ...(outcome === 'success' && { [`backon_retry_success_total{target="${target}"}`]: 1 }),
})
const failure = (type: string, target = 'users', reason = 'tries') => ({ [`backon_retry_failure_total{exception_type="${type}",reason="${reason}",target="${target}"}`]: 1 })
const refused = (by: string, target: string) => ({ [`backon_refused_total{by="${by}",target="${target}"}`]: 1 })
const refusal = (by: string): Error => Object.assign(new Error(), { refused: true, refusedBy: by, retryable: false })

/** Opens a breaker; later calls, each after a pause of so many ms, end as told. */
const broken = async (plugin: Plugin, later: readonly [pause: number, error?: Error][]): Promise<void> => {
  // On a busy machine a call right after may come late.
  const recoveryTimeout = later.some(([ms]) => ms > 0) ? 20 : 60_000
  const breaker = new CircuitBreaker({ name: 'db', failureThreshold: 1, recoveryTimeout })
  for (const [ms, error] of [[0, new TypeError()] as const, ...later]) {
    await pause(ms)
    await retried(plugin, error ? failing(error) : failing(), { maxTries: 1, use: [plugin, breaker] })
  }
}
const opened = { ...attempts('TypeError', 1), ...call('failure', 1), ...failure('TypeError'), 'backon_circuit_breaker_open_total{breaker="db"}': 1 }
const twoCalls = (tries: number) => ({
  'backon_retry_call_attempts_count{outcome="failure",target="users"}': 2,
  'backon_retry_call_attempts_sum{outcome="failure",target="users"}': tries,
  'backon_retry_call_duration_seconds_count{outcome="failure",target="users"}': 2,
})

export const scenarios: readonly Scenario[] = [
  { name: 'success at once', run: (plugin) => retried(plugin, failing()), changes: { ...attempts('none', 1), ...call('success', 1) } },
  {
    name: 'success after two waits',
    run: (plugin) => retried(plugin, failing(new TypeError('secret'), new TypeError('other'))),
    changes: { ...attempts('TypeError', 2), ...attempts('none', 1), ...waits(2), ...call('success', 3) },
  },
  {
    name: 'giving up',
    run: (plugin) => retried(plugin, failing(new RangeError(), new SyntaxError()), { maxTries: 2 }),
    changes: { ...attempts('RangeError', 1), ...attempts('SyntaxError', 1), ...waits(1), ...call('failure', 2), ...failure('SyntaxError') },
  },
  {
    name: 'an exception that is not retried',
    run: (plugin) => retried(plugin, failing(new RangeError()), { exception: TypeError }),
    changes: { ...attempts('RangeError', 1), ...call('failure', 1), ...failure('RangeError', 'users', 'fatal') },
  },
  {
    name: 'giving up on a value',
    run: (plugin) => retried(plugin, () => 0, { predicate: (value) => value === 0, maxTries: 2 }),
    changes: { ...attempts('none', 2), ...waits(1), ...call('failure', 2), ...failure('none') },
  },
  {
    name: 'an abort while an attempt runs',
    run: (plugin) => retried(plugin, () => new Promise(() => {}), { signal: AbortSignal.timeout(5) }),
    changes: { ...attempts('TimeoutError', 1), ...call('aborted', 1) },
  },
  {
    name: 'an abort while it waits',
    run: (plugin) => retried(plugin, failing(new TypeError()), { signal: AbortSignal.timeout(5), wait: 60_000 }),
    changes: {
      ...attempts('TypeError', 1),
      ...call('aborted', 1),
      'backon_retry_wait_seconds_count{target="users"}': 1,
      'backon_retry_wait_seconds_sum{target="users"}': 60,
    },
  },
  {
    name: 'what is thrown and is no error, by a function without a name',
    run: (plugin) => retried(plugin, failing('secret', null), { name: '', maxTries: 2, wait: 0 }),
    changes: {
      ...attempts('string', 1, 'anonymous'),
      ...attempts('object', 1, 'anonymous'),
      ...call('failure', 2, 'anonymous'),
      ...failure('object', 'anonymous'),
      'backon_retry_wait_seconds_count{target="anonymous"}': 1,
      'backon_retry_wait_seconds_sum{target="anonymous"}': 0,
    },
  },
  { name: 'a circuit that opens', run: (plugin) => broken(plugin, []), changes: opened },
  {
    name: 'a circuit that refuses a call',
    run: (plugin) => broken(plugin, [[0]]),
    changes: {
      ...opened,
      ...twoCalls(1),
      ...failure('CircuitOpenError', 'users', 'refused'),
      ...refused('circuit', 'users'),
      'backon_circuit_breaker_rejected_total{breaker="db"}': 1,
    },
  },
  {
    name: 'a circuit that closes again',
    run: (plugin) => broken(plugin, [[30]]),
    changes: { ...opened, ...attempts('none', 1), ...call('success', 1), 'backon_circuit_breaker_close_total{breaker="db"}': 1 },
  },
  {
    name: 'a circuit whose probe fails',
    run: (plugin) => broken(plugin, [[30, new RangeError()]]),
    changes: {
      ...opened,
      ...twoCalls(2),
      ...attempts('RangeError', 1),
      ...failure('RangeError'),
      'backon_circuit_breaker_open_total{breaker="db"}': 2,
    },
  },
  {
    name: 'a circuit whose probe is under way',
    async run(plugin) {
      const breaker = new CircuitBreaker({ name: 'db', failureThreshold: 1, recoveryTimeout: 20 })
      const options = { maxTries: 1, use: [plugin, breaker] }
      await retried(plugin, failing(new TypeError()), options)
      await pause(30)
      void retried(plugin, () => new Promise(() => {}), options)
    },
    changes: opened,
  },
  {
    name: 'an attempt that is refused, and the retry after it',
    run: (plugin) => retried(plugin, failing(refusal('limit')), { condition: ({ exception }) => exception !== undefined }),
    changes: { ...attempts('none', 1), ...waits(1), ...call('success', 1) },
  },
  {
    name: 'a retry that is refused',
    run(plugin) {
      const budget: Plugin = {
        stop() {
          emit('onBudgetReject' as keyof Hooks, { budget: 'all', balance: 0, kind: 'retry' } as never, [plugin])
          return 'refused'
        },
      }
      return retried(plugin, failing(new TypeError()), { use: [plugin, budget] })
    },
    changes: { ...attempts('TypeError', 1), ...call('failure', 1), ...failure('TypeError', 'users', 'refused'), ...refused('budget', 'all') },
  },
  {
    name: 'a hedge won by its second copy',
    run(plugin) {
      let copies = 0
      const operation = () => (++copies === 2 ? Promise.resolve(1) : new Promise(() => {}))
      return retried(plugin, operation, { use: [plugin, hedging({ wait: 2, maxHedge: 2 })] })
    },
    changes: { ...attempts('none', 1), ...call('success', 1), 'backon_hedge_requests_total{target="users"}': 1, 'backon_hedge_wins_total{copy="2",target="users"}': 1 },
  },
  {
    name: 'a hedge that needs no second copy',
    run: (plugin) => retried(plugin, () => Promise.resolve(1), { use: [plugin, hedging({ wait: 1_000 })] }),
    changes: { ...attempts('none', 1), ...call('success', 1) },
  },
]

/** Leaves out what a scenario cannot foretell: how long it took, and the buckets and levels, which are tested on their own. */
export const foretold = (samples: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(samples).filter(([name]) => !/_bucket\{|_duration(_seconds)?_sum\{|_(state|running|queued|balance|probability)\{/.test(name)))
