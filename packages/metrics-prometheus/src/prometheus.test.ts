import { emit, type Hooks, retry, sleep, use } from '@backon/core'
import { announce, type Level, withdraw } from '@backon/core/kit'
import { virtualClock } from '@backon/testing'
import { AggregatorRegistry, Counter, Gauge, Histogram, register, Registry } from 'prom-client'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { prometheusMetrics } from './prometheus.ts'

const ok = (): number => 1
const fail = (error: unknown) => (): never => {
  throw error
}
const failed = { name: 'a', maxTries: 1 }
const refusal = (by: string): Error => Object.assign(new Error(by), { refused: true, refusedBy: by, retryable: false })
/** The values of a metric: by what its name has more, and its labels. */
const valueOf = async (registry: Registry<any>, name: string): Promise<Record<string, number>> => {
  const { values } = (await registry.getSingleMetric(name)!.get()) as { values: { value: number; labels: object; metricName?: string }[] }
  return Object.fromEntries(values.map(({ value, labels, metricName = '' }) => [[metricName.replace(name, ''), ...Object.values(labels)].filter(Boolean).join(' '), value]))
}
const openMetrics = (): Registry<any> => {
  const registry: Registry<any> = new Registry()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  return registry
}
/** The lines of a registry that begin so. */
const linesOf = async (registry: Registry<any>, begin: string): Promise<string[]> => (await registry.metrics()).split('\n').filter((line) => line.startsWith(begin))
/** Tells what an event of another package tells. */
const told = (plugin: object, event: string, fact: object): void => emit(event as keyof Hooks, fact as never, [plugin])

afterEach(() => register.clear())

describe('where it counts', () => {
  test('two on one registry count in the same metrics', async () => {
    const registry = new Registry()
    await retry(ok, { name: 'a', use: [prometheusMetrics({ register: registry })] })
    await retry(ok, { name: 'a', use: [prometheusMetrics({ register: registry })] })

    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({ a: 2 })
  })

  test('another copy of this package counts in them too', async () => {
    const registry = new Registry()
    vi.resetModules()
    const other = await import('./prometheus.ts')
    expect(other.prometheusMetrics).not.toBe(prometheusMetrics)
    for (const plugin of [prometheusMetrics({ register: registry }), other.prometheusMetrics({ register: registry })]) await retry(ok, { name: 'a', use: [plugin] })

    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({ a: 2 })
  })

  test('each registry has metrics of its own, and no other is touched', async () => {
    const [one, other] = [new Registry(), new Registry()]
    const plugins = [prometheusMetrics({ register: one }), prometheusMetrics({ register: other })]
    await retry(ok, { name: 'a', use: plugins })
    await retry(ok, { name: 'a', use: [plugins[0]!] })

    expect(await valueOf(one, 'backon_retry_success_total')).toEqual({ a: 2 })
    expect(await valueOf(other, 'backon_retry_success_total')).toEqual({ a: 1 })
    expect(register.getMetricsAsArray()).toEqual([])
  })

  test("without a registry it is prom-client's own; for the whole process until it is undone", async () => {
    const undo = use(prometheusMetrics())
    await retry(ok, { name: 'a' })
    undo()
    await retry(ok, { name: 'a' })

    expect(await valueOf(register, 'backon_retry_success_total')).toEqual({ a: 1 })
  })

  test('a prefix stands before every name', () => {
    const registry = new Registry()
    prometheusMetrics({ register: registry, prefix: 'shop_' })

    const names = registry.getMetricsAsArray().map(({ name }) => name)
    expect(names).toHaveLength(20)
    expect(names.filter((name) => !name.startsWith('shop_backon_'))).toEqual([])
  })

  test('F-59 HELP is a sentence, and names the unit', async () => {
    const registry = new Registry()
    prometheusMetrics({ register: registry })

    const help = await linesOf(registry, '# HELP')
    expect(help).toHaveLength(20)
    expect(help.filter((line) => !/^# HELP \w+ [A-Z].{10,}\.$/.test(line))).toEqual([])
    expect(help.filter((line) => line.includes('_seconds') && !line.includes('Seconds'))).toEqual([])
  })

  test.for(['shop-', '1', ' '])('the prefix %j cannot begin a name', (prefix) => {
    expect(() => prometheusMetrics({ register: new Registry(), prefix })).toThrow(/^prefix must be letters, digits, _ and :, with no digit first; got "/)
  })

  test.for([[[2, 1]], [[1, 1]], [[Number.NaN]], [['x']], [[]]])('the buckets %j are no ascending list of numbers', ([buckets]) => {
    expect(() => prometheusMetrics({ register: new Registry(), buckets: buckets as number[] })).toThrow('buckets must be an ascending list of numbers; got ')
  })

  test('each value is in the bucket that it belongs to', async () => {
    const registry = new Registry()
    const options = { name: 'a', jitter: null, use: [prometheusMetrics({ register: registry, buckets: [0.001, 0.002] })] }
    for (const wait of [0, 1, 2, 3]) await retry(fail(1), { ...options, wait, maxTries: 2 }).catch(() => {})

    expect(await valueOf(registry, 'backon_retry_wait_seconds')).toEqual({
      '_bucket 0.001 a': 2, '_bucket 0.002 a': 3, '_bucket +Inf a': 4, '_sum a': 0.006, '_count a': 4,
    })
  })

  test("a histogram is written as prom-client's own would be", async () => {
    const [ours, theirs] = [new Registry(), new Registry()]
    const buckets = [0.001, 0.002]
    const plugin = prometheusMetrics({ register: ours, buckets })
    const histogram = new Histogram({ name: 'backon_retry_wait_seconds', help: 'Seconds waited before a further attempt.', labelNames: ['target'], buckets, registers: [theirs] })
    for (const wait of [0, 1, 2, 3]) {
      await retry(fail(1), { name: 'a', jitter: null, wait, maxTries: 2, use: [plugin] }).catch(() => {})
      histogram.observe({ target: 'a' }, wait / 1000)
    }

    expect(await ours.getSingleMetricAsString('backon_retry_wait_seconds')).toBe(await theirs.getSingleMetricAsString('backon_retry_wait_seconds'))
    const [json] = await theirs.getMetricsAsJSON()
    expect((await ours.getMetricsAsJSON()).find(({ name }) => name === 'backon_retry_wait_seconds')).toMatchObject({ type: 'histogram', aggregator: json!.aggregator, values: json!.values.map(({ labels, value }) => ({ labels, value })) })
  })

  test('a wait for ever is in no sum', async () => {
    const registry = new Registry()
    await retry(fail(1), { name: 'a', wait: Infinity, jitter: null, use: [prometheusMetrics({ register: registry })], sleep: () => {}, maxTries: 2 }).catch(() => {})

    expect(await valueOf(registry, 'backon_retry_wait_seconds')).toEqual({})
  })
})

describe('F-57 the registry', () => {
  const counting = (registry: Registry<any>) => ({ name: 'a', use: [prometheusMetrics({ register: registry })] })

  test('resetMetrics() and remove() drop what was counted, also what nobody has asked for yet', async () => {
    const registry = new Registry()
    const options = counting(registry)
    await retry(ok, options)
    await retry(ok, options)
    registry.resetMetrics()
    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({})
    await retry(ok, options)
    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({ a: 1 })
    const counter = registry.getSingleMetric('backon_retry_success_total') as Counter
    counter.remove('a')
    await retry(ok, options)
    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({ a: 1 })
    counter.remove({ target: 'a' })

    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({})
    expect(await valueOf(registry, 'backon_retry_call_attempts')).toMatchObject({ '_count success a': 2, '_bucket 1 success a': 2 })
  })

  test('after clear() the next event counts again, in all metrics', async () => {
    const registry = new Registry()
    const options = counting(registry)
    await retry(ok, options)
    const names = registry.getMetricsAsArray().map(({ name }) => name)
    registry.clear()
    await retry(ok, options)

    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({ a: 1 })
    expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(names)
  })

  test('an event of another package counts again after clear()', async () => {
    const registry = new Registry()
    const { use: [plugin] } = counting(registry)
    registry.clear()
    told(plugin!, 'onCircuitOpen', { breaker: 'db' })

    expect(await valueOf(registry, 'backon_circuit_breaker_open_total')).toEqual({ db: 1 })
    expect(registry.getSingleMetric('backon_circuit_breaker_state')).toBeDefined()
  })

  test('one metric that was taken away comes back, the others go on', async () => {
    const registry = new Registry()
    const options = counting(registry)
    await retry(ok, options)
    registry.removeSingleMetric('backon_retry_success_total')
    await retry(ok, options)

    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({ a: 1 })
    expect(await valueOf(registry, 'backon_retry_call_attempts')).toMatchObject({ '_count success a': 2 })
  })

  test.for([true, false])('metrics that were there before are counted in at once, exemplars: %s', async (enableExemplars) => {
    const registry = openMetrics()
    const collect = vi.fn()
    const there = { help: 'mine', registers: [registry], enableExemplars }
    const success = new Counter({ ...there, name: 'backon_retry_success_total', labelNames: ['target'], collect })
    const durations = new Histogram({ ...there, name: 'backon_retry_attempt_duration_seconds', labelNames: ['exception_type', 'target'], buckets: [1e9] })
    const options = counting(registry)
    await retry(ok, options)
    await retry(ok, options)

    expect((await success.get()).values).toMatchObject([{ labels: { target: 'a' }, value: 2 }])
    expect(await valueOf(registry, 'backon_retry_attempt_duration_seconds')).toMatchObject({ '_bucket 1000000000 none a': 2, '_count none a': 2 })
    expect((await durations.get()).values).toHaveLength(4)
    expect(collect).toHaveBeenCalledTimes(1)
  })

  test('a metric with other labels is an error that names it and the way out', () => {
    const registry = new Registry()
    new Counter({ name: 'backon_retry_success_total', help: 'mine', labelNames: ['service'], registers: [registry] })

    expect(() => prometheusMetrics({ register: registry })).toThrow('metric backon_retry_success_total has other labels here; give another prefix')
  })

  test('two on one registry with different labels of their own are an error', async () => {
    const registry = new Registry()
    await retry(ok, { name: 'a', use: [prometheusMetrics({ register: registry, attributes: () => ({ region: 'eu' }) })] })

    expect(() => prometheusMetrics({ register: registry })).toThrow('metric backon_retry_attempts_total has other labels here; give another prefix')
  })

  test('OpenMetrics: names as that format has them, at each scrape', async () => {
    const registry = openMetrics()
    const options = counting(registry)
    await retry(ok, options)
    await registry.metrics()
    await retry(ok, options)
    const text = await registry.metrics()

    expect(text).toContain('# TYPE backon_retry_success counter\nbackon_retry_success_total{target="a"} 2\n')
    expect(text).toContain('backon_retry_call_attempts_bucket{le="+Inf",outcome="success",target="a"} 2\n')
    expect(text.endsWith('# EOF\n')).toBe(true)
  })

  test('default labels of the registry, and registries merged', async () => {
    const [one, other] = [new Registry(), new Registry()]
    one.setDefaultLabels({ app: 'shop' })
    await retry(ok, counting(one))

    expect(await linesOf(one, 'backon_retry_success')).toEqual(['backon_retry_success_total{target="a",app="shop"} 1'])
    expect(await linesOf(Registry.merge([one, other]), 'backon_retry_success')).toEqual(['backon_retry_success_total{target="a"} 1'])
  })

  test('it reads nothing of prom-client but what that declares', async () => {
    const registry = new Registry()
    const declared = new Set<string | symbol>(['getSingleMetric', 'registerMetric'])
    const watched = new Proxy(registry, { get: (target, key) => (declared.has(key) ? Reflect.get(target, key).bind(target) : expect.fail(String(key))) })
    await retry(ok, { name: 'a', use: [prometheusMetrics({ register: watched })] })

    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({ a: 1 })
  })
})

describe('what is an attempt', () => {
  const counts = async (registry: Registry): Promise<object> => ({
    attempts: await valueOf(registry, 'backon_retry_attempts_total'),
    durations: Object.fromEntries(Object.entries(await valueOf(registry, 'backon_retry_attempt_duration_seconds')).filter(([name]) => /_count/.test(name))),
    calls: Object.fromEntries(Object.entries(await valueOf(registry, 'backon_retry_call_attempts')).filter(([name]) => /_sum|_count/.test(name))),
    failures: await valueOf(registry, 'backon_retry_failure_total'),
  })
  const use = (registry: Registry) => [prometheusMetrics({ register: registry })]

  test('F-56 one that was refused is none, has no duration, and does not count for its call', async () => {
    const registry = new Registry()
    const outcomes = [new TypeError(), refusal('circuit')]
    await retry(() => fail(outcomes.shift())(), { name: 'a', wait: 0, use: use(registry) }).catch(() => {})

    expect(await counts(registry)).toEqual({
      attempts: { 'TypeError a': 1 },
      durations: { '_count TypeError a': 1 },
      calls: { '_sum failure a': 1, '_count failure a': 1 },
      failures: { 'Error refused a': 1 },
    })
  })

  test('F-56 a refusal that is retried is none either, and the call that then succeeds had one attempt', async () => {
    const registry = new Registry()
    await retry(({ tries }) => (tries < 3 ? fail(refusal('limit'))() : 1), { name: 'a', wait: 0, condition: ({ exception }) => exception !== undefined, use: use(registry) })

    expect(await counts(registry)).toEqual({
      attempts: { 'none a': 1 },
      durations: { '_count none a': 1 },
      calls: { '_sum success a': 1, '_count success a': 1 },
      failures: {},
    })
  })

  test('one that ran when the abort came has ended with its reason, and took as long as it ran', async () => {
    const registry = new Registry()
    const caller = new AbortController()
    await virtualClock().run(() => {
      void sleep(3_000).then(() => caller.abort(new RangeError()))
      const operation = ({ tries }: { tries: number }) => (tries < 2 ? fail(new TypeError())() : new Promise(() => {}))
      return retry(operation, { name: 'a', wait: 1_000, jitter: null, signal: caller.signal, use: use(registry) }).catch(() => {})
    })

    expect(await counts(registry)).toMatchObject({ attempts: { 'TypeError a': 1, 'RangeError a': 1 }, calls: { '_sum aborted a': 2, '_count aborted a': 1 }, failures: {} })
    expect(await valueOf(registry, 'backon_retry_attempt_duration_seconds')).toMatchObject({ '_sum RangeError a': 2 })
    expect(await valueOf(registry, 'backon_retry_call_duration_seconds')).toMatchObject({ '_sum aborted a': 3 })
  })

  test('one whose wait is cut off is counted once', async () => {
    const registry = new Registry()
    await retry(fail(new TypeError()), { name: 'a', wait: 60_000, signal: AbortSignal.timeout(1), use: use(registry) }).catch(() => {})

    expect(await counts(registry)).toMatchObject({ attempts: { 'TypeError a': 1 }, calls: { '_sum aborted a': 1, '_count aborted a': 1 } })
  })

  test("one that had failed when a handler of the caller's ends the call keeps its own failure", async () => {
    const registry = new Registry()
    const after = fail(new RangeError())
    await retry(fail(new TypeError()), { name: 'a', after, use: use(registry) }).catch(() => {})

    expect(await counts(registry)).toMatchObject({ attempts: { 'TypeError a': 1 }, calls: { '_sum aborted a': 1, '_count aborted a': 1 } })
  })

  test('one that never began, as the signal was aborted in its first handler, is none', async () => {
    const registry = new Registry()
    const caller = new AbortController()
    await retry(ok, { name: 'a', signal: caller.signal, onAttempt: () => caller.abort(), use: use(registry) }).catch(() => {})

    expect(await counts(registry)).toEqual({ attempts: {}, durations: {}, calls: { '_sum aborted a': 0, '_count aborted a': 1 }, failures: {} })
  })

  test.for([
    ['fatal', { exception: RangeError }],
    ['tries', { maxTries: 1 }],
    ['exhausted', { wait: [] }],
    ['stop', { stop: () => true }],
    ['giveup', { giveup: () => true }],
    ['time', { maxTime: 1, wait: 5, jitter: null }],
    ['refused', { use: [{ stop: () => 'refused' as const }] }],
  ] as const)('a call that is given up for the reason %s says so', async ([reason, options]) => {
    const registry = new Registry()
    await retry(fail(new TypeError()), { name: 'a', ...options, use: [...use(registry), ...('use' in options ? options.use : [])] }).catch(() => {})

    expect(await valueOf(registry, 'backon_retry_failure_total')).toEqual({ [`TypeError ${reason} a`]: 1 })
  })
})

test('values and units: an attempt of 20 ms and a call of 1,060 ms are 0.02 and 1.06 seconds', async () => {
  const registry = new Registry()
  const operation = async ({ tries }: { tries: number }): Promise<number> => {
    await sleep(tries < 2 ? 20 : 40)
    return tries < 2 ? fail(new TypeError())() : 1
  }
  await virtualClock().run(() => retry(operation, { name: 'a', wait: 1_000, jitter: null, use: [prometheusMetrics({ register: registry })] }))

  expect(await valueOf(registry, 'backon_retry_attempt_duration_seconds')).toMatchObject({ '_sum TypeError a': 0.02, '_bucket 0.01 TypeError a': 0, '_bucket 0.03 TypeError a': 1, '_sum none a': 0.04 })
  expect(await valueOf(registry, 'backon_retry_call_duration_seconds')).toMatchObject({ '_sum success a': 1.06, '_bucket 1 success a': 0, '_bucket 3 success a': 1, '_count success a': 1 })
  expect(await valueOf(registry, 'backon_retry_wait_seconds')).toMatchObject({ '_sum a': 1, '_count a': 1 })
})

describe('what others tell', () => {
  test.for([
    ['onCircuitReject', { breaker: 'db' }, 'circuit db'],
    ['onLimitReject', { limit: 'api' }, 'limit api'],
    ['onBudgetReject', { budget: 'all', balance: 0.4, kind: 'retry' }, 'budget all'],
    ['onThrottleReject', { throttle: '' }, 'throttle anonymous'],
    ['onThrottleReject', { throttle: 'x', name: 'users.get' }, 'throttle users.get'],
  ] as const)('F-56 %s %j is one refusal', async ([event, fact, series]) => {
    const registry = new Registry()
    told(prometheusMetrics({ register: registry }), event, fact)

    expect(await valueOf(registry, 'backon_refused_total')).toEqual({ [series]: 1 })
  })

  test('copies of a hedge: those that were started, that failed, and the one that won', async () => {
    const registry = new Registry()
    const plugin = prometheusMetrics({ register: registry })
    const facts = { name: 'a', call: {}, copy: 2 }
    told(plugin, 'onHedge', facts)
    told(plugin, 'onHedgeFail', { ...facts, exception: new TypeError() })
    told(plugin, 'onHedgeFail', { ...facts, value: 0 })
    told(plugin, 'onHedgeWin', { ...facts, copy: 1 })

    expect(await valueOf(registry, 'backon_hedge_requests_total')).toEqual({ a: 1 })
    expect(await valueOf(registry, 'backon_hedge_failures_total')).toEqual({ 'TypeError a': 1, 'none a': 1 })
    expect(await valueOf(registry, 'backon_hedge_wins_total')).toEqual({ '1 a': 1 })
  })

  test('circuits that open and close, and calls that wait for a limit', async () => {
    const registry = new Registry()
    const plugin = prometheusMetrics({ register: registry })
    told(plugin, 'onCircuitOpen', { breaker: '' })
    told(plugin, 'onCircuitClose', { breaker: '' })
    told(plugin, 'onLimitWait', { limit: 'api' })

    expect(await valueOf(registry, 'backon_circuit_breaker_open_total')).toEqual({ anonymous: 1 })
    expect(await valueOf(registry, 'backon_circuit_breaker_close_total')).toEqual({ anonymous: 1 })
    expect(await valueOf(registry, 'backon_limit_waits_total')).toEqual({ api: 1 })
  })
})

describe('F-55 levels are read at the scrape', () => {
  const known: { level(): Level }[] = []
  const level = (now: () => Omit<Level, 'severity'> & { severity?: number }) => {
    const one = { level: () => ({ severity: 0, ...now() }) }
    announce(one)
    known.push(one)
    return one
  }
  afterEach(() => known.splice(0).forEach(withdraw))

  test('a circuit has its state from the first scrape on, after resetMetrics() too, and none when it is withdrawn', async () => {
    const registry = new Registry()
    let state = 'isolated'
    const circuit = level(() => ({ kind: 'circuit', name: 'db', state }))
    prometheusMetrics({ register: registry })
    const seen = () => linesOf(registry, 'backon_circuit_breaker_state')
    const lines = (now: string): string[] => ['closed', 'open', 'half-open', 'isolated'].map((one) => `backon_circuit_breaker_state{breaker="db",state="${one}"} ${+(one === now)}`)

    expect(await seen()).toEqual(lines('isolated'))
    state = 'half-open'
    registry.resetMetrics()
    expect(await seen()).toEqual(lines('half-open'))
    withdraw(circuit)
    expect(await seen()).toEqual([])
  })

  test('of two circuits of one name the worse is shown', async () => {
    const registry = new Registry()
    level(() => ({ kind: 'circuit', name: 'db', state: 'closed', severity: 0 }))
    level(() => ({ kind: 'circuit', name: 'db', state: 'open', severity: 2 }))
    prometheusMetrics({ register: registry })

    expect(await valueOf(registry, 'backon_circuit_breaker_state')).toMatchObject({ 'db closed': 0, 'db open': 1 })
  })

  test('limits and budgets have their numbers', async () => {
    const registry = new Registry()
    level(() => ({ kind: 'limit', name: '', values: { running: 2, queued: 5 } }))
    level(() => ({ kind: 'budget', name: 'all', values: { balance: 2.5 } }))
    prometheusMetrics({ register: registry })

    expect(await valueOf(registry, 'backon_limit_running')).toEqual({ anonymous: 2 })
    expect(await valueOf(registry, 'backon_limit_queued')).toEqual({ anonymous: 5 })
    expect(await valueOf(registry, 'backon_budget_balance')).toEqual({ all: 2.5 })
  })

  test('of 1,500 circuits 1,001 are shown, the worst of the rest as other', async () => {
    const registry = new Registry()
    for (let i = 0; i < 1_500; i++) level(() => ({ kind: 'circuit', name: `c${i}`, state: i === 1_400 ? 'open' : 'closed', severity: i === 1_400 ? 2 : 0 }))
    prometheusMetrics({ register: registry })

    const seen = await valueOf(registry, 'backon_circuit_breaker_state')
    expect(Object.keys(seen)).toHaveLength(4 * 1_001)
    expect(seen['other open']).toBe(1)
  })

  test('over several processes the worst state, the fullest limit and the poorest budget are shown, and counts are added', async () => {
    const registries = [new Registry(), new Registry(), new Registry()]
    const states = ['closed', 'open', 'closed']
    const json = []
    for (const [i, registry] of registries.entries()) {
      level(() => ({ kind: 'circuit', name: 'db', state: states[i] }))
      level(() => ({ kind: 'budget', name: 'all', values: { balance: i + 1 } }))
      level(() => ({ kind: 'limit', name: 'api', values: { running: i, queued: i } }))
      await retry(ok, { name: 'a', use: [prometheusMetrics({ register: registry })] })
      json.push(structuredClone(await registry.getMetricsAsJSON()))
      known.splice(0).forEach(withdraw)
    }
    const all = AggregatorRegistry.aggregate(json)

    expect(await valueOf(all, 'backon_circuit_breaker_state')).toMatchObject({ 'db closed': 1, 'db open': 1, 'db half-open': 0 })
    expect(await valueOf(all, 'backon_budget_balance')).toEqual({ all: 1 })
    expect(await valueOf(all, 'backon_limit_queued')).toEqual({ api: 2 })
    expect(await valueOf(all, 'backon_retry_call_attempts')).toMatchObject({ '_count success a': 3, '_sum success a': 3 })
  })

  test('a gauge of the same name that somebody else has registered is left to him', async () => {
    const registry = new Registry()
    level(() => ({ kind: 'budget', name: 'all', values: { balance: 2.5 } }))
    const gauge = new Gauge({ name: 'backon_budget_balance', help: 'mine', labelNames: ['budget'], registers: [registry] })
    await retry(ok, { name: 'a', use: [prometheusMetrics({ register: registry })] })

    expect((await gauge.get()).values).toEqual([])
    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({ a: 1 })
  })
})

describe('labels of the caller', () => {
  test('stand on every series of a call, by the names of the first answer', async () => {
    const registry = new Registry()
    const use = [prometheusMetrics({ register: registry, attributes: ({ args: [region = 'eu'] }) => ({ region: String(region), tier: 1 }) })]
    expect(registry.getSingleMetric('backon_retry_success_total')).toBeUndefined()
    expect(registry.getSingleMetric('backon_circuit_breaker_state')).toBeDefined()
    await retry(ok, { name: 'a', use })
    told(use[0]!, 'onHedge', { name: 'a', args: ['us'], copy: 2 })
    told(use[0]!, 'onCircuitReject', { breaker: 'db' })

    expect(await linesOf(registry, 'backon_retry_success')).toEqual(['backon_retry_success_total{target="a",region="eu",tier="1"} 1'])
    expect(await linesOf(registry, 'backon_hedge_requests')).toEqual(['backon_hedge_requests_total{target="a",region="us",tier="1"} 1'])
    expect(await linesOf(registry, 'backon_refused')).toEqual(['backon_refused_total{by="circuit",target="db"} 1'])
  })

  test('a name that is missing later is empty, one that is new is left out', async () => {
    const registry = new Registry()
    const answers = [{ region: 'eu' }, { tier: 'gold' }]
    const use = [prometheusMetrics({ register: registry, attributes: () => answers.shift() as {} })]
    await retry(ok, { name: '', use })
    await retry(ok, { name: 'b', use })

    expect(await linesOf(registry, 'backon_retry_success')).toEqual(['backon_retry_success_total{target="anonymous",region="eu"} 1', 'backon_retry_success_total{target="b",region=""} 1'])
  })

  test('are bounded: 1,000 targets with their labels, then other', async () => {
    const registry = new Registry()
    let id = 0
    const use = [prometheusMetrics({ register: registry, attributes: () => ({ user: id++ }) })]
    for (let i = 0; i < 1_100; i++) await retry(ok, { name: 'a', use })

    const lines = await linesOf(registry, 'backon_retry_success')
    expect(lines).toHaveLength(1_001)
    expect(lines.at(-1)).toBe('backon_retry_success_total{target="other",user="other"} 100')
  })

  test.for(['te-nant', 'target', 'le', ''])('the name %j cannot be one', async (name) => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    await retry(ok, { name: 'a', use: [prometheusMetrics({ register: new Registry(), attributes: () => ({ [name]: 1 }) })] })
    vi.unstubAllGlobals()

    expect(String(reportError.mock.calls[0])).toMatch(/^TypeError: attributes must be named by letters, digits and _, and unlike the other labels/)
  })

  test('what is no function is refused', () => {
    expect(() => prometheusMetrics({ register: new Registry(), attributes: { region: 'eu' } as never })).toThrow(/^attributes must be a function/)
  })
})

describe('what it must not do', () => {
  test('RT-39: neither 1,500 names nor 80 classes make labels without bound', async () => {
    const registry = new Registry()
    const plugin = prometheusMetrics({ register: registry })
    for (let i = 0; i < 1_500; i++) {
      await retry(ok, { name: `call-${i}`, use: [plugin] })
      await retry(fail(1), { ...failed, name: `call-${i}`, use: [plugin] }).catch(() => {})
    }
    for (let i = 0; i < 80; i++) {
      const error = new (class extends Error {})()
      Object.defineProperty(error.constructor, 'name', { value: `Error${i}` })
      await retry(fail(error), { ...failed, name: 'call-1', use: [plugin] }).catch(() => {})
    }

    const targets = Object.keys(await valueOf(registry, 'backon_retry_success_total'))
    expect(targets).toHaveLength(1_001)
    expect(targets.slice(-2)).toEqual(['call-999', 'other'])
    const failures = Object.keys(await valueOf(registry, 'backon_retry_failure_total')).map((labels) => labels.split(' '))
    expect(new Set(failures.map(([, , target]) => target)).size).toBe(1_001)
    const types = new Set(failures.map(([type]) => type))
    expect(types.size).toBeLessThanOrEqual(51)
    expect(types).toContain('other')
  })

  test('no message and no text of the caller gets into a label', async () => {
    const registry = new Registry()
    const plugin = prometheusMetrics({ register: registry })
    const thrown = [new Error('secret'), 'secret', { message: 'secret' }, Object.assign(new Error('secret'), { name: 'secret' }), new DOMException('secret', 'secret'), Object.create(null), undefined]
    for (const one of thrown) await retry(fail(one), { ...failed, use: [plugin] }).catch(() => {})

    expect(await registry.metrics()).not.toContain('secret')
  })

  test('names that differ in a character that no label can hold are one series, and no scrape fails', async () => {
    const registry = new Registry()
    const use = [prometheusMetrics({ register: registry })]
    for (const name of ['a\0b', 'ab', 'a\0\0b', 'a\nb', 'a"b']) await retry(ok, { name, use })

    expect(await linesOf(registry, 'backon_retry_success')).toEqual(['ab', 'a\\nb', 'a\\"b'].map((target, i) => `backon_retry_success_total{target="${target}"} ${i ? 1 : 3}`))
  })

  test('RT-45: with and without it a call is the same', async () => {
    const run = async (plugins: ReturnType<typeof prometheusMetrics>[]): Promise<unknown[]> => {
      const seen: unknown[] = []
      let tries = 0
      const operation = (): number => (++tries < 3 ? fail(new TypeError(String(tries)))() : tries)
      seen.push(await retry(operation, { wait: [1, 2, 3], jitter: null, use: plugins, sleep: (ms) => seen.push(ms) }))
      seen.push(await retry(fail('x'), { wait: 0, maxTries: 2, use: plugins }).catch((error: unknown) => error))
      return seen
    }

    expect(await run([prometheusMetrics({ register: new Registry() })])).toEqual(await run([]))
  })
})
