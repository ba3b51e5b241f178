import { retry, use } from '@backon/core'
import { Counter, register, Registry } from 'prom-client'
import { afterEach, describe, expect, test } from 'vitest'
import { prometheusMetrics } from './prometheus.ts'

const ok = (): number => 1
const fail = (error: unknown) => (): never => {
  throw error
}
const valueOf = async (registry: Registry, name: string): Promise<Record<string, number>> => {
  const { values } = (await registry.getSingleMetric(name)!.get()) as { values: { value: number; labels: object; metricName?: string }[] }
  return Object.fromEntries(values.map(({ value, labels, metricName = '' }) => [[metricName.replace(name, ''), ...Object.values(labels)].filter(Boolean).join(' '), value]))
}

afterEach(() => register.clear())

describe('where it counts', () => {
  test('two on one registry count in the same metrics', async () => {
    const registry = new Registry()
    await retry(ok, { name: 'a', use: [prometheusMetrics({ register: registry })] })
    await retry(ok, { name: 'a', use: [prometheusMetrics({ register: registry })] })

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
    expect(names).toHaveLength(12)
    expect(names.filter((name) => !name.startsWith('shop_backon_'))).toEqual([])
  })

  test('a metric with other labels is an error that names it, them and the way out', () => {
    const registry = new Registry()
    new Counter({ name: 'backon_retry_success_total', help: 'mine', labelNames: ['service'], registers: [registry] })

    expect(() => prometheusMetrics({ register: registry })).toThrow(
      'metric backon_retry_success_total has other labels here: service; give another prefix',
    )
  })

  test.for(['shop-', '1', ' '])('the prefix %j cannot begin a name', (prefix) => {
    expect(() => prometheusMetrics({ register: new Registry(), prefix })).toThrow('Invalid metric name')
  })

  test.for([[[2, 1]], [[1, 1]], [[Number.NaN]], [['x']], [[]]])('the buckets %j are no ascending list of numbers', ([buckets]) => {
    expect(() => prometheusMetrics({ register: new Registry(), buckets: buckets as number[] })).toThrow('buckets must be an ascending list of numbers; got ')
  })

  test('it counts on after resetMetrics() and after a series was removed', async () => {
    const registry = new Registry()
    const options = { name: 'a', use: [prometheusMetrics({ register: registry })] }
    await retry(ok, options)
    await retry(ok, options)
    registry.resetMetrics()
    await retry(ok, options)
    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({ a: 1 })
    ;(registry.getSingleMetric('backon_retry_success_total') as Counter).remove('a')
    await retry(ok, options)

    expect(await valueOf(registry, 'backon_retry_success_total')).toEqual({ a: 1 })
  })

  test('it counts the same in a prom-client that keeps its series elsewhere', async () => {
    const [plain, hidden] = [new Registry(), new Registry()]
    const options = (registry: Registry) => ({ name: 'a', use: [prometheusMetrics({ register: registry, buckets: [0, 1e9] })] })
    const [one, other] = [options(plain), options(hidden)]
    for (const metric of hidden.getMetricsAsArray() as any[]) {
      // A getter that answers prom-client's own code, and gives nothing to others.
      let store = metric.hashMap
      const own = /prom-client/
      Object.defineProperty(metric, 'hashMap', {
        get: () => (own.test(new Error().stack!.split('\n')[2]!) ? store : undefined),
        set(value) {
          store = value
        },
      })
    }
    for (const use of [one, other]) {
      await retry(ok, use)
      await retry(ok, use)
      await retry(fail(new TypeError()), { ...use, maxTries: 2, wait: 0 }).catch(() => {})
    }

    const all = async (registry: Registry): Promise<string> => (await registry.metrics()).replaceAll(/(_duration_seconds_sum.*) .*/g, '$1')
    expect(await all(hidden)).toBe(await all(plain))
    expect(await all(plain)).toContain('backon_retry_attempts_total{exception_type="TypeError",target="a"} 2')
  })

  test('each value is in the bucket that it belongs to', async () => {
    const registry = new Registry()
    const options = { name: 'a', jitter: null, use: [prometheusMetrics({ register: registry, buckets: [0.001, 0.002] })] }
    for (const wait of [0, 1, 2, 3]) await retry(fail(1), { ...options, wait, maxTries: 2 }).catch(() => {})

    expect(await valueOf(registry, 'backon_retry_wait_seconds')).toEqual({
      '_bucket 0.001 a': 2, '_bucket 0.002 a': 3, '_bucket +Inf a': 4, '_sum a': 0.006, '_count a': 4,
    })
  })

  test('a wait for ever is in no sum', async () => {
    const registry = new Registry()
    await retry(fail(1), { name: 'a', wait: Infinity, jitter: null, use: [prometheusMetrics({ register: registry })], sleep: () => {}, maxTries: 2 }).catch(() => {})

    expect(await valueOf(registry, 'backon_retry_wait_seconds')).toEqual({})
  })
})

describe('what it must not do', () => {
  test('RT-39: neither 1,500 names nor 80 classes make labels without bound', async () => {
    const registry = new Registry()
    const plugin = prometheusMetrics({ register: registry })
    for (let i = 0; i < 1_500; i++) {
      await retry(ok, { name: `call-${i}`, use: [plugin] })
      await retry(fail(1), { name: `call-${i}`, use: [plugin], maxTries: 1 }).catch(() => {})
    }
    for (let i = 0; i < 80; i++) {
      const error = new (class extends Error {})()
      Object.defineProperty(error.constructor, 'name', { value: `Error${i}` })
      await retry(fail(error), { name: 'call-1', maxTries: 1, use: [plugin] }).catch(() => {})
    }

    const targets = Object.keys(await valueOf(registry, 'backon_retry_success_total'))
    expect(targets).toHaveLength(1_001)
    expect(targets.slice(-2)).toEqual(['call-999', 'other'])
    const failures = Object.keys(await valueOf(registry, 'backon_retry_failure_total'))
    expect(new Set(failures.map((labels) => labels.split(' ')[1])).size).toBe(1_001)
    const types = new Set(failures.map((labels) => labels.split(' ')[0]))
    expect(types.size).toBeLessThanOrEqual(51)
    expect(types).toContain('other')
  })

  test('no message and no text of the caller gets into a label', async () => {
    const registry = new Registry()
    const plugin = prometheusMetrics({ register: registry })
    const thrown = [new Error('secret'), 'secret', { message: 'secret' }, Object.assign(new Error('secret'), { name: 'secret' }), Object.create(null), undefined]
    for (const one of thrown) await retry(fail(one), { name: 'a', maxTries: 1, use: [plugin] }).catch(() => {})

    expect(await registry.metrics()).not.toContain('secret')
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
