import { expo, override, retryAfter, type Undo } from '@backon/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CircuitBreaker } from './breaker.ts'
import type { CircuitBreakerOptions } from './options.ts'
import { watchCircuit } from './sharing.ts'
import { countWindow, timeWindow } from './trip.ts'

let now: number
let undo: Undo
beforeEach(() => {
  now = 1_000
  undo = override({ clock: { now: () => now, setTimeout, clearTimeout } })
})
afterEach(() => undo())

const hour = 3_600_000
const failing = (facts: object = {}) => (): never => {
  throw Object.assign(new Error('down'), facts)
}
const attempted = (breaker: CircuitBreaker, fn: () => unknown = () => 'ok'): unknown => {
  try {
    return breaker.callSync(fn)
  } catch (error) {
    return error
  }
}
const openFor = (options: CircuitBreakerOptions, facts: object = {}): number => {
  const breaker = new CircuitBreaker({ failureThreshold: 1, ...options })
  attempted(breaker, failing(facts))
  expect(breaker.state).toBe('open')
  return breaker.retryAfter
}

describe('F-41 how long a probe may take', () => {
  test('one that has answered does not hang, however long the next one lets wait for it', () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 50, successThreshold: 2 })
    attempted(breaker, failing())
    now += 50
    expect([attempted(breaker), breaker.state]).toEqual(['ok', 'half-open'])
    now += hour
    expect(breaker.state).toBe('half-open')
    expect([attempted(breaker), breaker.state]).toEqual(['ok', 'closed'])
  })

  test('whoever is told of one that hangs may close the circuit: the call that has found out goes through', () => {
    const breaker: CircuitBreaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 50 })
    attempted(breaker, failing())
    now += 50
    void breaker.call(() => new Promise(() => {}))
    now += 60_000
    const closing = watchCircuit(breaker, { onCircuitOpen: () => breaker.reset() })
    expect([attempted(breaker), breaker.state]).toEqual(['ok', 'closed'])
    closing()
  })

  test('a service that is slower than the open time is found healthy', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 50 })
    attempted(breaker, failing())
    now += 50
    let answer!: (value: string) => void
    const probe = breaker.call(() => new Promise<string>((resolve) => (answer = resolve)))
    now += 80
    answer('ok')
    expect([await probe, breaker.state]).toEqual(['ok', 'closed'])
  })

  test.each<[string, CircuitBreakerOptions, object, number]>([
    ['at least a minute', { recoveryTimeout: 50 }, {}, 60_000],
    ['the open time', { recoveryTimeout: 90_000 }, {}, 90_000],
    ['the open time without the hint', { recoveryTimeout: 50 }, { retryAfter: 600_000 }, 60_000],
    ['that of a strategy', { recoveryTimeout: expo({ factor: 70_000 }) }, { retryAfter: 600_000 }, 70_000],
    ['what the option says', { recoveryTimeout: 50, probeTimeout: 7 }, {}, 7],
  ])('%s', (_, options, facts, expected) => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, ...options })
    attempted(breaker, failing(facts))
    for (const one of [breaker, new CircuitBreaker({ ...options, state: breaker.toJSON() })]) {
      // Restored, a strategy's own share of the time is not known any more.
      if (one !== breaker && typeof options.recoveryTimeout === 'function') continue
      now += one.retryAfter
      void one.call(() => new Promise(() => {}))
      expect(one.retryAfter).toBe(expected)
    }
  })
})

describe('F-42 a recovery of nothing', () => {
  test('a time of 0 lets the next call through as a probe, which closes it', () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 0 })
    attempted(breaker, failing())
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 0])
    expect(attempted(breaker)).toBe('ok')
    expect(breaker.state).toBe('closed')
  })

  test('a strategy that has run out at the first opening leaves a minute', () => {
    expect(openFor({ recoveryTimeout: () => undefined })).toBe(60_000)
    expect(openFor({ recoveryTimeout: retryAfter({ max: 60_000 }) }, { headers: { 'retry-after': '3600' } })).toBe(60_000)
    expect(openFor({ recoveryTimeout: retryAfter({ max: 60_000 }) }, { retryAfter: hour })).toBe(60_000)
  })

  test('later, the last time', () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: ({ tries }) => [100, 200][tries - 1] })
    const times = [1, 2, 3, 4].map(() => {
      attempted(breaker, failing())
      const time = breaker.retryAfter
      now += time
      return time
    })
    expect(times).toEqual([100, 200, 200, 200])
  })

  test('one that has run out by its openings alone does not silence the server', () => {
    const twice = Object.assign(() => undefined, { finite: true })
    expect(openFor({ recoveryTimeout: twice }, { retryAfter: 90_000 })).toBe(90_000)
  })
})

describe('F-45 hints are bounded', () => {
  const year = 365 * 24 * hour
  test.each<[string, CircuitBreakerOptions, object, number]>([
    ['a year is an hour', {}, { retryAfter: year }, hour],
    ['or as long as is allowed', { maxRecoveryTimeout: 90_000 }, { retryAfter: year }, 90_000],
    ['all of it, where it is', { maxRecoveryTimeout: Infinity }, { retryAfter: year }, year],
    ['a strategy too', { recoveryTimeout: () => year }, {}, hour],
    ['an endless one too', { recoveryTimeout: () => Infinity }, {}, hour],
    ['what was written as a number stands', { recoveryTimeout: 2 * hour }, {}, 2 * hour],
    ['and no hint shortens it', { recoveryTimeout: 2 * hour }, { retryAfter: year }, 2 * hour],
    ['Retry-After in seconds, of a response', {}, { response: { headers: new Headers({ 'retry-after': '90' }) } }, 90_000],
    ['Retry-After of the error\'s own headers', {}, { headers: { 'Retry-After': '90' } }, 90_000],
    ['Retry-After by date', {}, { headers: { date: 'Wed, 25 Nov 2026 10:00:00 GMT', 'retry-after': 'Wed, 25 Nov 2026 10:02:00 GMT' } }, 120_000],
    ['Retry-After of a year', {}, { headers: { 'retry-after': '31536000' } }, hour],
    ['an unreadable one does not count', {}, { headers: { 'retry-after': 'soon' } }, 60_000],
    ['a shorter one does not shorten', {}, { headers: { 'retry-after': '1' } }, 60_000],
  ])('%s', (_, options, facts, expected) => {
    expect(openFor(options, facts)).toBe(expected)
  })

  test('a returned answer that is judged a failure has its hint read as well', () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, isFailure: ({ value }) => value instanceof Response && value.status === 503 })
    attempted(breaker, () => new Response(null, { status: 503, headers: { 'retry-after': '300' } }))
    expect(breaker.retryAfter).toBe(300_000)
  })

  test('a hint is not the last time of a strategy that runs out', () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: ({ tries }) => [100][tries - 1] })
    attempted(breaker, failing({ retryAfter: 5_000 }))
    now += 5_000
    attempted(breaker, failing())
    expect(breaker.retryAfter).toBe(100)
  })
})

describe('RT-49 a hint is counted from when it was said', () => {
  const hinted = failing({ retryAfter: 5_000 })

  test('also where a later success makes the share of failures great enough', () => {
    for (const [later, expected] of [[0, 5_000], [3_000, 2_000], [60_000, 100]] as const) {
      const breaker = new CircuitBreaker({ recoveryTimeout: 100, trip: countWindow({ size: 4, minimumCalls: 2 }) })
      attempted(breaker, hinted)
      now += later
      attempted(breaker)
      expect([breaker.state, breaker.retryAfter]).toEqual(['open', expected])
    }
  })

  test('also where a slow probe opens it again', () => {
    const breaker = new CircuitBreaker({ recoveryTimeout: 100, trip: timeWindow({ minimumCalls: 1, slowCall: { duration: 10, rate: 1 } }) })
    attempted(breaker, hinted)
    expect(breaker.retryAfter).toBe(5_000)
    now += 5_000
    attempted(breaker, () => (now += 20))
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 100])
  })
})

describe('F-53 a clock that goes back', () => {
  test('never keeps it open for longer than its time from now, however often it goes back', () => {
    now = hour
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 1_000 })
    attempted(breaker, failing())
    for (const start of [1_000_000, 5_000, 0]) {
      now = start
      expect(breaker.retryAfter).toBe(1_000)
      now += 400
      expect(breaker.retryAfter).toBe(600)
    }
    now += 600
    expect([breaker.retryAfter, attempted(breaker), breaker.state]).toEqual([0, 'ok', 'closed'])
  })

  test('gives a probe no more than its time from now', () => {
    now = hour
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 1_000, probeTimeout: 500, halfOpenMaxCalls: 3 })
    attempted(breaker, failing())
    for (now += 1_000; now < hour + 1_003; now++) void breaker.call(() => new Promise(() => {}))
    now = 0
    expect(breaker.retryAfter).toBe(500)
    now = 499
    expect(breaker.state).toBe('half-open')
    now = 500
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 1_000])
  })

  test('neither does isolate(), which has no end', () => {
    now = hour
    const breaker = new CircuitBreaker()
    breaker.isolate()
    now = 0
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', Infinity])
  })
})

describe('F-54 probes without a limit', () => {
  /** What 2,000 probes cost, settled in this order: reads and writes of all that is kept of them. */
  const cost = async (probes: number, order: (indices: number[]) => number[]): Promise<number> => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 0, halfOpenMaxCalls: Infinity, successThreshold: Infinity })
    attempted(breaker, failing())
    let steps = 0
    const seen = new WeakSet<object>()
    const line: any = new Proxy({}, {
      get: (target: any, key) => (steps++, target[key]),
      set: (target: any, key, probe) => {
        if (probe && !seen.has(probe)) {
          seen.add(probe)
          for (const name of ['_next', '_over'] as const) {
            let value: unknown
            Object.defineProperty(probe, name, {
              get: () => (steps++, value),
              set(given) {
                steps++
                value = given
              },
            })
          }
        }
        target[key] = probe
        return true
      },
    })
    const ends: (() => void)[] = []
    breaker._line = line
    const calls = Array.from({ length: probes }, () => breaker.call(() => new Promise<void>((resolve) => ends.push(resolve))))
    expect(ends.length).toBe(probes)
    for (const i of order(ends.map((_, i) => i))) {
      ends[i]!()
      await calls[i]
    }
    expect([breaker._circuit._out, breaker.retryAfter]).toEqual([0, 0])
    return steps
  }

  test.each<[string, (indices: number[]) => number[]]>([
    ['in order', (all) => all],
    ['latest first', (all) => all.toReversed()],
    ['all over the place', (all) => all.map((i) => (i * 7) % all.length)],
  ])('cost the same each, ended %s', async (_, order) => {
    const [few, many] = [await cost(500, order), await cost(4_000, order)]
    expect(few).toBeGreaterThan(500)
    expect(many / few).toBeLessThan(8.5)
  })

  test('16,000 of them pass, and the oldest still open counts when it hangs', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 0, halfOpenMaxCalls: Infinity, successThreshold: 20_000 })
    attempted(breaker, failing())
    const settled = vi.fn()
    void breaker.call(() => new Promise(() => {})).then(settled, settled)
    const rest = Array.from({ length: 16_000 }, () => breaker.call(async () => {}))
    await Promise.all(rest)
    now += 59_999
    expect(breaker.state).toBe('half-open')
    now += 1
    expect(breaker.state).toBe('open')
    expect(settled).not.toHaveBeenCalled()
  })
})
