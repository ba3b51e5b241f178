import { createRequire } from 'node:module'
import { emit, type Hooks, retry, sleep } from '@backon/core'
import { announce, type Level, withdraw } from '@backon/core/kit'
import { virtualClock } from '@backon/testing'
import { createNoopMeter, diag, DiagLogLevel, type Meter, metrics } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { otelMetrics } from './metrics.ts'

const sdk = (temporality = AggregationTemporality.CUMULATIVE) => {
  const exporter = new InMemoryMetricExporter(temporality)
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })] })
  /** All that the next export says. */
  const exported = async () => {
    exporter.reset()
    await provider.forceFlush()
    return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
  }
  const points = async (name: string): Promise<unknown[][]> =>
    (await exported()).find(({ descriptor }) => descriptor.name === name)?.dataPoints.map(({ attributes, value }) => [attributes, value]) ?? []
  return { provider, exported, points }
}
const fail = (error: unknown) => (): never => {
  throw error
}
const refusal = Object.assign(new Error(), { refused: true, retryable: false })
/** Tells what an event of another package tells. */
const told = (plugin: object, event: string, fact: object): void => emit(event as keyof Hooks, fact as never, [plugin])
const sums = (points: unknown[][]): unknown[] => points.map(([attributes, value]) => [attributes, (value as { sum: number }).sum, (value as { count: number }).count])

afterEach(() => metrics.disable())

describe('where it counts', () => {
  test("with the API's no-op meter it watches nothing, so that it costs nothing", () => {
    expect(otelMetrics({ meter: createNoopMeter() })).toEqual({ timeless: true })
    expect(otelMetrics({ meterProvider: metrics.getMeterProvider() })).toEqual({ timeless: true })

    const otherCopy = createRequire(import.meta.url)('@opentelemetry/api')
    expect(otherCopy.createNoopMeter()).not.toBe(createNoopMeter())
    expect(otelMetrics({ meter: otherCopy.createNoopMeter() })).toEqual({ timeless: true })
  })

  test('without a meter it counts from the moment on when there is a global provider', async () => {
    const { provider, points } = sdk()
    const options = { name: 'a', use: [otelMetrics()] }
    await retry(() => 1, options)
    metrics.setGlobalMeterProvider(provider)
    await retry(() => 1, options)
    await retry(() => 1, options)

    expect(await points('backon.retry.success')).toEqual([[{ target: 'a' }, 2]])
  })

  test('a given meter makes the instruments', async () => {
    const { provider, points } = sdk()
    await retry(() => 1, { name: 'a', use: [otelMetrics({ meter: provider.getMeter('mine') })] })

    expect(await points('backon.retry.success')).toEqual([[{ target: 'a' }, 1]])
  })

  test.for(['createCounter', 'createHistogram', 'createObservableGauge'] as const)('F-58 a meter without %s: the others count, and it is said once each', async (missing) => {
    const { provider, exported } = sdk()
    const warn = vi.fn()
    diag.setLogger({ warn, error() {}, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN)
    const meter = new Proxy(provider.getMeter('old'), { get: (target: any, name) => (name === missing ? undefined : target[name].bind(target)) }) as Meter
    const use = [otelMetrics({ meter })]
    const plugin = use[0]!
    for (const wait of [0, 0]) await retry(fail(1), { name: 'a', wait, maxTries: 2, use }).catch(() => {})
    await retry(() => 1, { name: 'a', use })
    for (const event of ['onCircuitOpen', 'onCircuitClose', 'onCircuitReject', 'onLimitWait', 'onHedge', 'onHedgeWin', 'onHedgeFail']) told(plugin, event, { name: 'a', breaker: 'db', limit: 'x', copy: 2 })
    diag.disable()

    const kinds = { createCounter: 'attempts', createHistogram: 'wait', createObservableGauge: '' }
    const names = (await exported()).map(({ descriptor }) => descriptor.name)
    for (const [kind, name] of Object.entries(kinds)) if (name) expect(names.includes(`backon.retry.${name}`)).toBe(kind !== missing)
    const said = warn.mock.calls.map(([message]) => message)
    expect(said.length).toBe(new Set(said).size)
    expect(said[0]).toMatch(new RegExp(`^backon\\.[a-z_.]+ is not counted: the meter has no ${missing}$`))
  })

  test('RT-39: 1,500 names make 1,001 targets', async () => {
    const { provider, points } = sdk()
    const use = [otelMetrics({ meterProvider: provider })]
    for (let i = 0; i < 1_500; i++) await retry(() => 1, { name: `call-${i}`, use })

    expect(await points('backon.retry.success')).toHaveLength(1_001)
  })
})

describe('what it says', () => {
  test('units are those of the conventions', async () => {
    const { provider, exported } = sdk()
    const use = [otelMetrics({ meterProvider: provider })]
    await retry(fail(1), { name: 'a', wait: 0, maxTries: 2, use }).catch(() => {})
    await retry(() => 1, { name: 'a', use })

    expect(Object.fromEntries((await exported()).map(({ descriptor: { name, unit } }) => [name, unit]))).toEqual({
      'backon.retry.attempts': '{attempt}',
      'backon.retry.success': '{call}',
      'backon.retry.failure': '{call}',
      'backon.retry.attempt_duration': 's',
      'backon.retry.wait': 's',
      'backon.retry.call_attempts': '{attempt}',
      'backon.retry.call_duration': 's',
    })
    expect((await exported()).filter(({ descriptor }) => !/^[A-Z].*\.$/.test(descriptor.description))).toEqual([])
  })

  test('an attempt that failed has an error.type, one that succeeded has none; a call given up has a reason', async () => {
    const { provider, points } = sdk()
    const use = [otelMetrics({ meterProvider: provider })]
    await retry(({ tries }) => (tries < 2 ? fail(new TypeError())() : 1), { name: 'a', wait: 0, use })
    await retry(fail(new RangeError()), { name: 'a', exception: TypeError, use }).catch(() => {})
    await retry(() => 0, { name: 'a', predicate: () => true, maxTries: 1, use })

    expect(await points('backon.retry.attempts')).toEqual([
      [{ target: 'a', 'error.type': 'TypeError' }, 1],
      [{ target: 'a' }, 2],
      [{ target: 'a', 'error.type': 'RangeError' }, 1],
    ])
    expect(await points('backon.retry.failure')).toEqual([
      [{ target: 'a', 'error.type': 'RangeError', reason: 'fatal' }, 1],
      [{ target: 'a', reason: 'tries' }, 1],
    ])
  })

  test('values and units: an attempt of 20 ms and a call of 1,060 ms are 0.02 and 1.06 seconds', async () => {
    const { provider, points } = sdk()
    await virtualClock().run(() =>
      retry(async ({ tries }) => {
        await sleep(tries < 2 ? 20 : 40)
        return tries < 2 ? fail(new TypeError())() : 1
      }, { name: 'a', wait: 1_000, jitter: null, use: [otelMetrics({ meterProvider: provider })] }),
    )

    expect(sums(await points('backon.retry.attempt_duration'))).toEqual([[{ target: 'a', 'error.type': 'TypeError' }, 0.02, 1], [{ target: 'a' }, 0.04, 1]])
    expect(sums(await points('backon.retry.call_duration'))).toEqual([[{ target: 'a', outcome: 'success' }, 1.06, 1]])
    expect(sums(await points('backon.retry.wait'))).toEqual([[{ target: 'a' }, 1, 1]])
    expect(sums(await points('backon.retry.call_attempts'))).toEqual([[{ target: 'a', outcome: 'success' }, 2, 1]])
  })

  test('F-56 what was refused is no attempt, and has no duration', async () => {
    const { provider, points } = sdk()
    const use = [otelMetrics({ meterProvider: provider })]
    await retry(({ tries }) => fail(tries < 2 ? new TypeError() : refusal)(), { name: 'a', wait: 0, use }).catch(() => {})
    told(use[0]!, 'onCircuitReject', { breaker: 'db' })
    told(use[0]!, 'onBudgetReject', { budget: '', name: 'a' })

    expect(await points('backon.retry.attempts')).toEqual([[{ target: 'a', 'error.type': 'TypeError' }, 1]])
    expect(sums(await points('backon.retry.attempt_duration'))).toMatchObject([[{ 'error.type': 'TypeError' }, expect.anything(), 1]])
    expect(sums(await points('backon.retry.call_attempts'))).toEqual([[{ target: 'a', outcome: 'failure' }, 1, 1]])
    expect(await points('backon.refused')).toEqual([[{ by: 'circuit', target: 'db' }, 1], [{ by: 'budget', target: 'a' }, 1]])
    expect(await points('backon.circuit_breaker.rejected')).toEqual([[{ breaker: 'db' }, 1]])
  })

  test('an attempt that ran when the abort came has ended with its reason, one whose wait was cut off with its own', async () => {
    const { provider, points } = sdk()
    const use = [otelMetrics({ meterProvider: provider })]
    await retry(() => new Promise(() => {}), { name: 'a', signal: AbortSignal.timeout(1), use }).catch(() => {})
    await retry(fail(new TypeError()), { name: 'a', signal: AbortSignal.timeout(1), wait: 60_000, use }).catch(() => {})
    await retry(fail(new RangeError()), { name: 'a', after: fail(new SyntaxError()), use }).catch(() => {})

    expect((await points('backon.retry.attempts')).map(([attributes, count]) => [(attributes as any)['error.type'], count])).toEqual([['TimeoutError', 1], ['TypeError', 1], ['RangeError', 1]])
    expect(sums(await points('backon.retry.call_attempts'))).toEqual([[{ target: 'a', outcome: 'aborted' }, 3, 3]])
  })

  test("attributes of the caller's own stand beside the target, and are bounded with it", async () => {
    const { provider, points } = sdk()
    let user = 0
    const use = [otelMetrics({ meterProvider: provider, attributes: ({ args }) => ({ region: 'eu', user: user++, count: args.length }) })]
    for (let i = 0; i < 1_100; i++) await retry(() => 1, { name: 'a', use })

    const seen = await points('backon.retry.success')
    expect(seen).toHaveLength(1_001)
    expect(seen[0]).toMatchObject([{ target: 'a', region: 'eu', count: 0 }, 1])
    expect(() => otelMetrics({ attributes: 1 as never })).toThrow(/^attributes must be a function/)
  })
})

describe('F-55 levels are read at each export', () => {
  const known: { level(): Level }[] = []
  const level = (now: () => Omit<Level, 'severity'>) => {
    const one = { level: () => ({ severity: 0, ...now() }) }
    announce(one)
    known.push(one)
    return one
  }
  afterEach(() => known.splice(0).forEach(withdraw))
  const states = (now: string): unknown[] => ['closed', 'open', 'half-open', 'isolated'].map((state) => [{ breaker: 'db', state }, +(state === now)])

  test.for([AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE])('in each export, with temporality %i, until it is withdrawn', async (temporality) => {
    const { provider, points } = sdk(temporality)
    const circuit = level(() => ({ kind: 'circuit', name: 'db', state: 'open' }))
    otelMetrics({ meterProvider: provider })

    expect(await points('backon.circuit_breaker.state')).toEqual(states('open'))
    expect(await points('backon.circuit_breaker.state')).toEqual(states('open'))
    withdraw(circuit)
    // An SDK that adds up would repeat the last value for ever.
    const gone = states('none').map((point) => [(point as unknown[])[0], NaN])
    expect(await points('backon.circuit_breaker.state')).toEqual(gone)
    expect(await points('backon.circuit_breaker.state')).toEqual(temporality === AggregationTemporality.DELTA ? [] : gone)
  })

  test('an SDK that is registered late shows them from the next event on', async () => {
    const { provider, points } = sdk()
    level(() => ({ kind: 'circuit', name: 'db', state: 'isolated' }))
    const use = [otelMetrics()]
    metrics.setGlobalMeterProvider(provider)
    await retry(() => 1, { name: 'a', use })

    expect(await points('backon.circuit_breaker.state')).toEqual(states('isolated'))
  })

  test('limits, budgets and throttles have their numbers', async () => {
    const { provider, points } = sdk()
    level(() => ({ kind: 'limit', name: '', values: { running: 2, queued: 5 } }))
    level(() => ({ kind: 'budget', name: 'all', values: { balance: 2.5 } }))
    level(() => ({ kind: 'throttle', name: 'x', values: { probability: 0.25 } }))
    otelMetrics({ meterProvider: provider })

    expect(await points('backon.limit.running')).toEqual([[{ limit: 'anonymous' }, 2]])
    expect(await points('backon.limit.queued')).toEqual([[{ limit: 'anonymous' }, 5]])
    expect(await points('backon.budget.balance')).toEqual([[{ budget: 'all' }, 2.5]])
    expect(await points('backon.throttle.probability')).toEqual([[{ throttle: 'x' }, 0.25]])
  })
})
