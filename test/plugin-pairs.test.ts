// Every ordered pair of plugins: `use: [outer, inner]`. What two plugins do together depends on which is outside; plugins that only
// watch change nothing. Attempts, runs of the operation, copies, refusals and the result are looked at separately.
import { CircuitBreaker } from '@backon/breaker'
import { abortLeftovers, type Attempt, log, override, type Plugin, retry, sleep, timeout, type Undo } from '@backon/core'
import { hedging } from '@backon/hedge'
import { limit, Limit, RetryBudget, throttle } from '@backon/limit'
import { otelMetrics } from '@backon/metrics-otel'
import { prometheusMetrics } from '@backon/metrics-prometheus'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const plugins: Record<string, () => Plugin> = {
  breaker: () => new CircuitBreaker({ failureThreshold: 2 }),
  hedge: () => hedging({ wait: 20, maxHedge: 2 }),
  timeout: () => timeout(50),
  budget: () => new RetryBudget({ credit: 1, every: Infinity }),
  limit: () => limit({ concurrency: 1 }),
  // One failure in one request refuses the half of them, two in two two thirds; the dice say 0.55.
  throttle: () => throttle({ minRequests: 1 }),
  abortLeftovers: () => abortLeftovers(),
  log: () => log({ debug() {}, info() {}, warn() {}, error() {} }),
  prometheus: () => prometheusMetrics({ register: new Registry() }),
  otel: () => otelMetrics(),
}
/** What changes nothing here. */
const watchers = ['log', 'prometheus', 'otel', 'abortLeftovers']

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

/** What is expected of several pairs alike. */
const by = (...rows: readonly (readonly [Seen, ...string[]])[]): Record<string, Seen> =>
  Object.fromEntries(rows.flatMap(([expected, ...pairs]) => pairs.map((pair) => [pair, expected])))

const situations: Record<string, Situation> = {
  'the operation always fails, after 10 ms': {
    operation: async () => {
      await sleep(10)
      throw new RangeError('down')
    },
    expected: by(
      [seen(3, 3, 0, 0, 'RangeError', 230), '', 'limit', 'timeout', 'limit timeout', 'timeout limit'],
      [seen(3, 2, 0, 1, 'CircuitOpenError', 220), 'breaker', 'breaker limit', 'breaker throttle', 'breaker timeout', 'limit breaker', 'timeout breaker'],
      // A retry that cannot be paid for ends the call with its own last outcome.
      [
        seen(2, 2, 0, 1, 'RangeError', 120),
        'budget', 'breaker budget', 'budget breaker', 'budget limit', 'budget throttle', 'budget timeout', 'limit budget', 'throttle budget',
        'timeout budget',
      ],
      [seen(3, 6, 3, 0, 'RangeError', 260), 'hedge', 'hedge limit', 'hedge timeout', 'limit hedge', 'timeout hedge'],
      [seen(3, 2, 0, 1, 'ThrottledError', 220), 'throttle', 'limit throttle', 'throttle breaker', 'throttle limit', 'throttle timeout', 'timeout throttle'],
      // Outside, the breaker and the throttle count an attempt that all copies failed as one failure.
      [seen(3, 4, 2, 1, 'CircuitOpenError', 240), 'breaker hedge'],
      [seen(2, 4, 2, 1, 'RangeError', 140), 'budget hedge', 'hedge budget'],
      // Inside, they count copies; a first copy that is refused has no other beside it, and is the attempt's outcome.
      [seen(2, 2, 1, 1, 'CircuitOpenError', 120), 'hedge breaker'],
      [seen(2, 2, 1, 1, 'ThrottledError', 120), 'hedge throttle'],
      [seen(3, 4, 2, 1, 'ThrottledError', 240), 'throttle hedge'],
    ),
  },
  'the operation hangs until it is aborted': {
    operation: (_, { signal }) => sleep(Infinity, signal),
    expected: by(
      [
        seen(1, 1, 0, 0, 'TimeoutError', 1_000),
        '', 'breaker', 'budget', 'limit', 'throttle', 'breaker budget', 'breaker limit', 'breaker throttle', 'budget breaker', 'budget limit',
        'budget throttle', 'limit breaker', 'limit budget', 'limit throttle', 'throttle breaker', 'throttle budget', 'throttle limit',
      ],
      [
        seen(1, 2, 1, 0, 'TimeoutError', 1_000),
        'hedge', 'breaker hedge', 'budget hedge', 'hedge breaker', 'hedge budget', 'hedge throttle', 'limit hedge', 'throttle hedge',
      ],
      [seen(3, 3, 0, 0, 'TimeoutError', 350), 'timeout', 'limit timeout', 'timeout limit'],
      [seen(3, 2, 0, 1, 'CircuitOpenError', 300), 'breaker timeout', 'timeout breaker'],
      [seen(2, 2, 0, 1, 'TimeoutError', 200), 'budget timeout', 'timeout budget'],
      // The slot is taken by the first copy: the second is refused, and decides nothing.
      [seen(1, 1, 1, 1, 'TimeoutError', 1_000), 'hedge limit'],
      // Outside, the hedge sees each copy time out 50 ms after it started; inside, all end with the attempt.
      [seen(3, 6, 3, 0, 'TimeoutError', 410), 'hedge timeout'],
      [seen(3, 2, 0, 1, 'ThrottledError', 300), 'throttle timeout', 'timeout throttle'],
      [seen(3, 6, 3, 0, 'TimeoutError', 350), 'timeout hedge'],
    ),
  },
  'the first run is slow, the second is not': {
    operation: async (run, { signal }) => {
      await sleep(run === 1 ? 200 : 5, signal)
      return 'ok'
    },
    expected: by(
      [
        seen(1, 1, 0, 0, 'ok', 200),
        '', 'breaker', 'budget', 'limit', 'throttle', 'breaker budget', 'breaker limit', 'breaker throttle', 'budget breaker', 'budget limit',
        'budget throttle', 'limit breaker', 'limit budget', 'limit throttle', 'throttle breaker', 'throttle budget', 'throttle limit',
      ],
      [
        seen(1, 2, 1, 0, 'ok', 25),
        'hedge', 'breaker hedge', 'budget hedge', 'hedge breaker', 'hedge budget', 'hedge throttle', 'hedge timeout', 'limit hedge', 'throttle hedge',
        'timeout hedge',
      ],
      [
        seen(2, 2, 0, 0, 'ok', 155),
        'timeout', 'breaker timeout', 'budget timeout', 'limit timeout', 'throttle timeout', 'timeout breaker', 'timeout budget', 'timeout limit',
        'timeout throttle',
      ],
      [seen(1, 1, 1, 1, 'ok', 200), 'hedge limit'],
    ),
  },
  'the caller leaves after 30 ms': {
    operation: (_, { signal }) => sleep(Infinity, signal),
    leavesAt: 30,
    expected: by(
      [
        seen(1, 1, 0, 0, 'Left', 30),
        '', 'breaker', 'budget', 'limit', 'throttle', 'timeout', 'breaker budget', 'breaker limit', 'breaker throttle', 'breaker timeout',
        'budget breaker', 'budget limit', 'budget throttle', 'budget timeout', 'limit breaker', 'limit budget', 'limit throttle', 'limit timeout',
        'throttle breaker', 'throttle budget', 'throttle limit', 'throttle timeout', 'timeout breaker', 'timeout budget', 'timeout limit', 'timeout throttle',
      ],
      [
        seen(1, 2, 1, 0, 'Left', 30),
        'hedge', 'breaker hedge', 'budget hedge', 'hedge breaker', 'hedge budget', 'hedge throttle', 'hedge timeout', 'limit hedge', 'throttle hedge',
        'timeout hedge',
      ],
      [seen(1, 1, 1, 1, 'Left', 30), 'hedge limit'],
    ),
  },
}

const pairs = Object.keys(plugins).flatMap((outer) => Object.keys(plugins).filter((inner) => inner !== outer).map((inner) => [outer, inner] as const))

let undo: Undo
beforeEach(() => {
  undo = override({ random: () => 0.55 })
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  undo()
  vi.useRealTimers()
})

describe.each(Object.entries(situations))('%s', (_, { operation, leavesAt, expected }) => {
  test.each(pairs)('use: [%s, %s]', async (...pair) => {
    const use = pair.map((name) => plugins[name]!())
    const found: Seen = seen(0, 0, 0, 0, undefined, 0)
    const signals: AbortSignal[] = []
    const refused = (): unknown => found.refusals++
    const watcher: Plugin = { onHedge: () => found.copies++, onCircuitReject: refused, onLimitReject: refused, onThrottleReject: refused, onBudgetReject: refused }
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
    for (const plugin of use) if (plugin instanceof Limit) expect([plugin.running, plugin.queued]).toEqual([0, 0])
    if (leavesAt) {
      expect(error).toBe(left)
      expect(signals.map(({ reason }) => reason)).toEqual(signals.map(() => left))
      // Who leaves says nothing about the service.
      for (const plugin of use) if (plugin instanceof CircuitBreaker) expect([plugin.state, plugin.failureCount]).toEqual(['closed', 0])
    }
  })
})
