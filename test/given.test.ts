import { BreakerRetrying, CircuitBreaker, CircuitBreakers, countWindow, timeWindow } from '@backon/breaker'
import { shareBreaker } from '@backon/breaker-redis'
import {
  decay, decorrelated, expo, fibo, onException, override, retry, retryAfter, Retrying, retryingCaller, retrySync, waitExponentialJitter, waitIncrementing, waitRandom, waitRandomExponential,
} from '@backon/core'
import { createFetch } from '@backon/fetch'
import { resumable } from '@backon/fetch/resume'
import { hedge, hedging, HedgingRetrying, latencyPercentile, onHedge } from '@backon/hedge'
import { aimd, limit, RetryBudget, RetryBudgets, throttle } from '@backon/limit'
import { nested } from '@backon/limit/nested'
import { otelMetrics, otelTracing } from '@backon/metrics-otel'
import { prometheusMetrics } from '@backon/metrics-prometheus'
import { chaos, flaky, simulate, virtualClock } from '@backon/testing'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'

let warn: MockInstance<(text: string) => void>
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => vi.restoreAllMocks())

const client = { eval: async () => null }
const http = createFetch({ fetch: async () => new Response() })

/** Who takes options: how it is given them, a slip, and what was meant. Types are off: who writes JavaScript has none. */
const takers: [owner: string, take: (options: any) => unknown, slip: string, meant: string, needed?: object][] = [
  ['expo', expo, 'max', 'maxValue'],
  ['fibo', fibo, 'cap', 'factor, maxValue'],
  ['decay', decay, 'initial', 'initialValue'],
  ['decorrelated', decorrelated, 'max', 'maxValue'],
  ['waitRandom', waitRandom, 'maxValue', 'max'],
  ['waitRandomExponential', waitRandomExponential, 'max', 'maxValue'],
  ['waitExponentialJitter', waitExponentialJitter, 'maxValue', 'max'],
  ['waitIncrementing', waitIncrementing, 'step', 'start, increment, maxValue'],
  ['retryAfter', retryAfter, 'maxValue', 'max'],
  ['CircuitBreaker', (options) => new CircuitBreaker(options), 'treshold', 'failureThreshold'],
  ['CircuitBreakers', (options) => new CircuitBreakers({}, options), 'idle', 'idleFor'],
  ['countWindow', countWindow, 'failuresRate', 'failureRate'],
  ['timeWindow', timeWindow, 'slowCalls', 'slowCall'],
  ['BreakerRetrying', (options) => new BreakerRetrying(options), 'circuitBreaker', 'breaker'],
  ['shareBreaker', (options) => shareBreaker(new CircuitBreaker(), options), 'timeoutMs', 'timeout', { client, key: 'k' }],
  ['hedging', hedging, 'maxHedges', 'maxHedge'],
  ['hedge', (options) => hedge(() => 1, options), 'waits', 'wait'],
  ['hedge', (options) => onHedge(options)(() => 1), 'signals', 'signal'],
  ['HedgingRetrying', (options) => new HedgingRetrying(options), 'hedging', 'hedge'],
  ['latencyPercentile', (options) => latencyPercentile(95, options), 'samples', 'minimumSamples'],
  ['limit', limit, 'maxConcurrency', 'concurrency', { concurrency: 1 }],
  ['aimd', aimd, 'maximum', 'max'],
  ['RetryBudget', (options) => new RetryBudget(options), 'ratioo', 'ratio'],
  ['a registry', (options) => new RetryBudgets({}, options), 'idleTime', 'idleFor'],
  ['throttle', throttle, 'windowMs', 'window'],
  ['nested', nested, 'allowed', 'allow'],
  ['createFetch', createFetch, 'timout', 'timeout'],
  ['createFetch', createFetch, 'retries', 'maxTries'],
  ['createFetch', createFetch, 'retryDelay', 'wait'],
  ['hedging', hedging, 'delay', 'wait'],
  ['retry', (retry) => http('http://localhost/', { retry }), 'attempts', 'maxTries'],
  ['resumable', (options) => resumable(http, options), 'tries', 'maxTries'],
  ['prometheusMetrics', prometheusMetrics, 'registry', 'register', { register: new Registry() }],
  ['otelMetrics', otelMetrics, 'bucket', 'buckets'],
  ['otelTracing', otelTracing, 'tracers', 'tracer'],
  ['run', (options) => new Retrying().run(() => 1, options), 'signall', 'signal'],
  ['virtualClock', virtualClock, 'nows', 'now'],
  ['flaky', flaky, 'failure', 'failures'],
  ['chaos', chaos, 'rate', 'errorRate'],
  ['simulate', simulate, 'policies', 'policy', { clients: 1, duration: 0, service: () => 1 }],
  // Each with a slip of its own, as the same one would have been told of already.
  ...(
    [
      (options) => retry(() => 1, options),
      (options) => retrySync(() => 1, options),
      (options) => new Retrying(options),
      retryingCaller,
      (options) => onException(1, Error, options)(() => 1),
      (options) => {
        using _ = override(options)
        retrySync(() => 1)
      },
    ] as const satisfies ((options: any) => unknown)[]
  ).map((take, i): [string, (options: any) => unknown, string, string] => ['@backon/core', take, `maxTry${i}`, 'maxTries']),
]

describe('F-12 a misspelt option is told of, once, whoever takes it', () => {
  test.each(takers)('%s', async (owner, take, slip, meant, needed) => {
    for (let i = 0; i < 2; i++) await take({ ...needed, [slip]: 1 })
    expect(warn.mock.calls).toEqual([[`${owner} ignores ${slip}, which is no option: ${meant.includes(',') ? `it takes ${meant}` : `did you mean ${meant}?`}`]])
  })

  test.each(takers)('not where there is none, nor in what a class brings along: %s', async (_owner, take, _slip, _meant, needed) => {
    class Given {
      describe(): string {
        return 'mine'
      }
    }
    await take(Object.assign(new Given(), needed))
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('F-31 options that are no object', () => {
  const all = takers.filter(([owner]) => !['run', 'retry', '@backon/core'].includes(owner))
  test.each(all)('%s', async (_owner, take) => {
    for (const [given, shown] of [[null, 'null'], [100, '100'], ['100', '"100"'], [expo, 'function expo: did you mean expo()?']] as const) {
      await expect((async () => take(given))()).rejects.toThrow(`options must be an object; got ${shown}`)
    }
  })
})

describe('F-31 what is given and is none of it', () => {
  const works = (): number => 1
  const breaker = new CircuitBreaker({ failureThreshold: 1 })
  const users = throttle({ minRequests: 0 })
  const lane = limit({ concurrency: 1 })

  test.each<[what: string, give: (wrong: any) => unknown, wrong: unknown, message: string]>([
    ['a plugin that was not called', (plugin) => retry(works, { use: [plugin] }), hedging, 'use must be a list of plugins; got function hedging: did you mean hedging()?'],
    ['a plugin that is missing', (plugin) => retry(works, { use: [plugin] }), undefined, 'use must be a list of plugins; got undefined'],
    ['a plugin outside a list', (use) => retry(works, { use }), breaker, 'use must be a list of plugins; got object CircuitBreaker'],
    ['a plugin that gives no operation', (wrap) => retry(works, { use: [{ wrap }] }), () => 5, 'what wrap of a plugin gives must be an operation; got 5'],
    ['a handler that is missing', (handler) => retry(works, { onSuccess: [handler] }), null, 'onSuccess must be a function or a list of them; got null'],
    ['a decision where a class is asked for', (exception) => retry(works, { exception }), () => true, 'exception must be an error class or several (a function that decides is a condition); got function '],
    ['a controller for its signal', (signal) => retry(works, { signal }), new AbortController(), 'signal must be an AbortSignal (of a controller, its signal); got object AbortController'],
    ['a promise for a function', (fn) => breaker.call(fn), Promise.resolve(1), 'fn must be a function; got object Promise'],
    ['the same, synchronously', (fn) => breaker.callSync(fn), 5, 'fn must be a function; got 5'],
    ['a generator function', (fn) => breaker.call(fn), function* () {}, 'fn must not be a generator function'],
    ['nothing to call', (fn) => users.call(fn), undefined, 'fn must be a function; got undefined'],
    ['nothing to call, synchronously', (fn) => lane.callSync(fn), undefined, 'fn must be a function; got undefined'],
    ['nothing to call in a lane', (fn) => lane.call(fn), null, 'fn must be a function; got null'],
    ['a rule that is none', (statuses) => createFetch({ statuses }), { 503: 'yes' }, 'statuses.503 must be always, idempotent, key, never; got "yes"'],
    ['a status that is none', (statuses) => createFetch({ statuses }), { slow: 'always' }, 'statuses must be a table by status, such as 520; got "slow"'],
  ])('%s', async (_what, give, wrong, message) => {
    await expect((async () => give(wrong))()).rejects.toThrow(message)
  })

  test('is no failure of the service', () => {
    expect([breaker.state, users.requests, lane.running]).toEqual(['closed', 0, 0])
  })
})
