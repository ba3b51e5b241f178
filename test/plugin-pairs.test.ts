// Every ordered pair of plugins: `use: [outer, inner]`. What two plugins do together depends on which is outside; plugins that only
// watch change nothing. Attempts, runs of the operation, copies, refusals and the result are looked at separately.
import { CircuitBreaker } from '@backon/breaker'
import { type Attempt, log, type Plugin, retry, sleep, timeout } from '@backon/core'
import { hedging } from '@backon/hedge'
import { otelMetrics } from '@backon/metrics-otel'
import { prometheusMetrics } from '@backon/metrics-prometheus'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const plugins: Record<string, () => Plugin> = {
  breaker: () => new CircuitBreaker({ failureThreshold: 2 }),
  hedge: () => hedging({ wait: 20, maxHedge: 2 }),
  timeout: () => timeout(50),
  log: () => log({ debug() {}, info() {}, warn() {}, error() {} }),
  prometheus: () => prometheusMetrics({ register: new Registry() }),
  otel: () => otelMetrics(),
}
const watchers = ['log', 'prometheus', 'otel']

interface Seen {
  attempts: number
  runs: number
  copies: number
  refusals: number
  /** The value, or the name of the error. */
  result: unknown
  /** When the call ended, in ms. */
  at: number
}

interface Situation {
  operation: (run: number, attempt: Attempt) => Promise<unknown>
  /** When the caller aborts. */
  leavesAt?: number
  /** By the plugins of the pair that do more than watch, outermost first. */
  expected: Record<string, Seen>
}

const seen = (attempts: number, runs: number, copies: number, refusals: number, result: unknown, at: number): Seen => ({ attempts, runs, copies, refusals, result, at })

const situations: Record<string, Situation> = {
  'the operation always fails, after 10 ms': {
    operation: async () => {
      await sleep(10)
      throw new RangeError('down')
    },
    expected: {
      '': seen(3, 3, 0, 0, 'RangeError', 230),
      'timeout': seen(3, 3, 0, 0, 'RangeError', 230),
      'breaker': seen(3, 2, 0, 1, 'CircuitOpenError', 220),
      'breaker timeout': seen(3, 2, 0, 1, 'CircuitOpenError', 220),
      'timeout breaker': seen(3, 2, 0, 1, 'CircuitOpenError', 220),
      'hedge': seen(3, 6, 3, 0, 'RangeError', 260),
      'hedge timeout': seen(3, 6, 3, 0, 'RangeError', 260),
      'timeout hedge': seen(3, 6, 3, 0, 'RangeError', 260),
      // Outside, the breaker counts an attempt that all copies failed as one failure.
      'breaker hedge': seen(3, 4, 2, 1, 'CircuitOpenError', 240),
      // Inside, it counts copies; a first copy that is refused has no other beside it, and is the attempt's outcome.
      'hedge breaker': seen(2, 2, 1, 1, 'CircuitOpenError', 120),
    },
  },
  'the operation hangs until it is aborted': {
    operation: (_, { signal }) => sleep(Infinity, signal),
    expected: {
      '': seen(1, 1, 0, 0, 'TimeoutError', 1_000),
      'breaker': seen(1, 1, 0, 0, 'TimeoutError', 1_000),
      'timeout': seen(3, 3, 0, 0, 'TimeoutError', 350),
      'breaker timeout': seen(3, 2, 0, 1, 'CircuitOpenError', 300),
      'timeout breaker': seen(3, 2, 0, 1, 'CircuitOpenError', 300),
      'hedge': seen(1, 2, 1, 0, 'TimeoutError', 1_000),
      'breaker hedge': seen(1, 2, 1, 0, 'TimeoutError', 1_000),
      'hedge breaker': seen(1, 2, 1, 0, 'TimeoutError', 1_000),
      // Outside, the hedge sees each copy time out 50 ms after it started; inside, all end with the attempt.
      'hedge timeout': seen(3, 6, 3, 0, 'TimeoutError', 410),
      'timeout hedge': seen(3, 6, 3, 0, 'TimeoutError', 350),
    },
  },
  'the first run is slow, the second is not': {
    operation: async (run, { signal }) => {
      await sleep(run === 1 ? 200 : 5, signal)
      return 'ok'
    },
    expected: {
      '': seen(1, 1, 0, 0, 'ok', 200),
      'breaker': seen(1, 1, 0, 0, 'ok', 200),
      'timeout': seen(2, 2, 0, 0, 'ok', 155),
      'breaker timeout': seen(2, 2, 0, 0, 'ok', 155),
      'timeout breaker': seen(2, 2, 0, 0, 'ok', 155),
      'hedge': seen(1, 2, 1, 0, 'ok', 25),
      'breaker hedge': seen(1, 2, 1, 0, 'ok', 25),
      'hedge breaker': seen(1, 2, 1, 0, 'ok', 25),
      'hedge timeout': seen(1, 2, 1, 0, 'ok', 25),
      'timeout hedge': seen(1, 2, 1, 0, 'ok', 25),
    },
  },
  'the caller leaves after 30 ms': {
    operation: (_, { signal }) => sleep(Infinity, signal),
    leavesAt: 30,
    expected: Object.fromEntries([
      ...['', 'breaker', 'timeout', 'breaker timeout', 'timeout breaker'].map((pair) => [pair, seen(1, 1, 0, 0, 'Left', 30)]),
      ...['hedge', 'breaker hedge', 'hedge breaker', 'hedge timeout', 'timeout hedge'].map((pair) => [pair, seen(1, 2, 1, 0, 'Left', 30)]),
    ]),
  },
}

const pairs = Object.keys(plugins).flatMap((outer) => Object.keys(plugins).filter((inner) => inner !== outer).map((inner) => [outer, inner] as const))

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe.each(Object.entries(situations))('%s', (_, { operation, leavesAt, expected }) => {
  test.each(pairs)('use: [%s, %s]', async (...pair) => {
    const use = pair.map((name) => plugins[name]!())
    const found: Seen = seen(0, 0, 0, 0, undefined, 0)
    const signals: AbortSignal[] = []
    const watcher: Plugin = { onHedge: () => found.copies++, onCircuitReject: () => found.refusals++ }
    const caller = new AbortController()
    const left = Object.assign(new Error('leaving'), { name: 'Left' })

    retry(
      (attempt) => {
        signals.push(attempt.signal)
        return operation(++found.runs, attempt)
      },
      { maxTries: 3, maxTime: 1_000, wait: 100, jitter: null, signal: caller.signal, onAttempt: () => found.attempts++, use: [watcher, ...use] },
    ).then(
      (value) => Object.assign(found, { result: value, at: performance.now() }),
      (error: Error) => Object.assign(found, { result: error.name, at: performance.now(), error }),
    )
    if (leavesAt) setTimeout(() => caller.abort(left), leavesAt)
    await vi.advanceTimersByTimeAsync(2_000)

    const active = pair.filter((name) => !watchers.includes(name)).join(' ')
    const { error, ...facts } = found as Seen & { error?: unknown }
    expect(facts).toEqual(expected[active])
    expect(vi.getTimerCount()).toBe(0)
    if (leavesAt) {
      expect(error).toBe(left)
      expect(signals.map(({ reason }) => reason)).toEqual(signals.map(() => left))
      // Who leaves says nothing about the service.
      for (const plugin of use) if (plugin instanceof CircuitBreaker) expect([plugin.state, plugin.failureCount]).toEqual(['closed', 0])
    }
  })
})
