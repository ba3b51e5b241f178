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
  // What this process has said already: all copies of core keep it in one place.
  ;(globalThis as any)[Symbol.for('@backon/core/1')]?.told?.clear()
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => vi.restoreAllMocks())

const client = { eval: async () => null }
const http = createFetch({ fetch: async () => new Response() })

const ofRetry = 'wait jitter exception predicate condition giveup maxTries maxTime stop signal sleep name use enabled onAttempt before after onSuccess beforeSleep onBackoff onGiveup retryErrorCallback raiseOnGiveup'
const ofHedge = 'wait maxHedge timeout eager isFailure maxExtraLoad budget onHedge onHedgeFail onDiscard'
const ofHedgedCalls = `${ofHedge} signal name enabled use maxTime retryErrorCallback raiseOnGiveup onAttempt before after onSuccess onGiveup`
const ofFetch = `fetch timeout idle maxRetryAfter idempotent idempotencyKey attemptHeader statuses errors ${ofRetry}`

/** Who takes options: how it is given them, what they are called, a slip, and what was meant. Types are off: who writes JavaScript has none. */
const takers: [owner: string, take: (options: any) => unknown, names: string, slip: string, meant: string, needed?: object][] = [
  ['expo', expo, 'base factor minValue maxValue', 'max', 'maxValue'],
  ['fibo', fibo, 'factor maxValue', 'cap', 'factor, maxValue'],
  ['decay', decay, 'initialValue decayFactor minValue', 'initial', 'initialValue'],
  ['decorrelated', decorrelated, 'base maxValue', 'max', 'maxValue'],
  ['waitRandom', waitRandom, 'min max', 'maxValue', 'max'],
  ['waitRandomExponential', waitRandomExponential, 'multiplier expBase maxValue minValue', 'max', 'maxValue'],
  ['waitExponentialJitter', waitExponentialJitter, 'initial max expBase jitter', 'maxValue', 'max'],
  ['waitIncrementing', waitIncrementing, 'start increment maxValue', 'step', 'start, increment, maxValue'],
  ['retryAfter', retryAfter, 'fallback max jitter', 'maxValue', 'max'],
  [
    'CircuitBreaker', (options) => new CircuitBreaker(options),
    'failureThreshold trip recoveryTimeout maxRecoveryTimeout halfOpenMaxCalls successThreshold probeTimeout isFailure name state onCircuitOpen onCircuitHalfOpen onCircuitClose onCircuitReject',
    'treshold', 'failureThreshold',
  ],
  ['CircuitBreakers', (options) => new CircuitBreakers({}, options), 'max idleFor', 'idle', 'idleFor'],
  ['countWindow', countWindow, 'size failureRate minimumCalls', 'failuresRate', 'failureRate'],
  ['timeWindow', timeWindow, 'duration failureRate minimumCalls slowCall', 'slowCalls', 'slowCall'],
  ['BreakerRetrying', (options) => new BreakerRetrying(options), `breaker ${ofRetry}`, 'circuitBreaker', 'breaker'],
  [
    'shareBreaker', (options) => shareBreaker(new CircuitBreaker(), options), 'client key refresh timeout lease agree firstPeek subscribe onStoreError',
    'timeoutMs', 'timeout', { client, key: 'k' },
  ],
  ['hedging', hedging, ofHedge, 'maxHedges', 'maxHedge'],
  ['hedging', hedging, ofHedge, 'delay', 'wait'],
  ['hedge', (options) => hedge(() => 1, options), ofHedgedCalls, 'waits', 'wait'],
  ['hedge', (options) => onHedge(options)(() => 1), ofHedgedCalls, 'signals', 'signal'],
  ['HedgingRetrying', (options) => new HedgingRetrying(options), `hedge ${ofRetry}`, 'hedging', 'hedge'],
  ['latencyPercentile', (options) => latencyPercentile(95, options), 'window minimumSamples fallback', 'samples', 'minimumSamples'],
  ['limit', limit, 'concurrency rate queue maxWait maxHold release name onLimitWait onLimitReject', 'maxConcurrency', 'concurrency', { concurrency: 1 }],
  ['aimd', aimd, 'initial min max backoff isOverload', 'maximum', 'max'],
  ['RetryBudget', (options) => new RetryBudget(options), 'ratio credit max every cost name state onBudgetReject', 'ratioo', 'ratio'],
  ['a registry', (options) => new RetryBudgets({}, options), 'max idleFor', 'idleTime', 'idleFor'],
  ['throttle', throttle, 'k window minRequests max isOverload name onThrottleReject', 'windowMs', 'window'],
  ['nested', nested, 'allow onNested', 'allowed', 'allow'],
  ['createFetch', createFetch, ofFetch, 'timout', 'timeout'],
  ['createFetch', createFetch, ofFetch, 'retries', 'maxTries'],
  ['createFetch', createFetch, ofFetch, 'retryDelay', 'wait'],
  ['retry', (retry) => http('http://localhost/', { retry }), ofFetch, 'attempts', 'maxTries'],
  ['resumable', (options) => resumable(http, options), 'maxTries wait', 'tries', 'maxTries'],
  ['prometheusMetrics', prometheusMetrics, 'register prefix buckets attributes', 'registry', 'register', { register: new Registry() }],
  ['otelMetrics', otelMetrics, 'meter meterProvider buckets attributes', 'bucket', 'buckets'],
  ['otelTracing', otelTracing, 'tracer', 'tracers', 'tracer'],
  ['run', (options) => new Retrying().run(() => 1, options), 'signal name', 'signall', 'signal'],
  ['virtualClock', virtualClock, 'now patience', 'nows', 'now'],
  ['flaky', flaky, 'failures error value', 'failure', 'failures'],
  ['chaos', chaos, 'errorRate latency seed error value', 'rate', 'errorRate'],
  ['simulate', simulate, 'clients duration arrival service policy seed drain', 'policies', 'policy', { clients: 1, duration: 0, service: () => 1 }],
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
  ).map((take): [string, (options: any) => unknown, string, string, string] => ['@backon/core', take, ofRetry, 'maxTry', 'maxTries']),
]

describe('F-12 a misspelt option is told of, once, whoever takes it', () => {
  test.each(takers)('%s', async (owner, take, _names, slip, meant, needed) => {
    for (let i = 0; i < 2; i++) await take({ ...needed, [slip]: 1 })
    expect(warn.mock.calls).toEqual([[`${owner} ignores ${slip}, which is no option: ${meant.includes(',') ? `it takes ${meant}` : `did you mean ${meant}?`}`]])
  })

  test.each(takers)('none of its own is: %s', async (_owner, take, names, _slip, _meant, needed) => {
    await take({ ...Object.fromEntries(names.split(' ').map((name) => [name, undefined])), ...needed })
    expect(warn).not.toHaveBeenCalled()
  })

  test.each(takers)('nor what a class brings along: %s', async (_owner, take, _names, _slip, _meant, needed) => {
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
    ['a number to call, synchronously', (fn) => users.callSync(fn), 5, 'fn must be a function; got 5'],
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
