import { expo, retry, sleep } from '@backon/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { hedging } from './hedging.ts'
import { latencyPercentile, type LatencyWait } from './percentile.ts'

const ask = (wait: LatencyWait, tries = 1) => wait({ tries } as any)

/** mulberry32: the same numbers each time. */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

const nearestRank = (values: number[], percentile: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil((Math.round(percentile * 10) * values.length) / 1_000) - 1]!

const shapes: Record<string, (random: () => number) => number> = {
  uniform: (random) => 1 + 99 * random(),
  exponential: (random) => -100 * Math.log(1 - random()),
  'heavy tail': (random) => (random() < 0.01 ? 1_000 : 10) * (1 + random()),
  'nine decades': (random) => 10 ** (-1.9 + 8.8 * random()),
  constant: () => 42,
}

test.each(Object.keys(shapes).flatMap((shape) => [1, 50, 95, 99, 99.9].map((p) => [shape, p] as const)))(
  'is at most 2 %% away from the sample of that rank: %s, p%s',
  (shape, percentile) => {
    const random = seeded(7)
    const wait = latencyPercentile(percentile, { window: 5_000 })
    const values: number[] = []
    for (let i = 1; i <= 5_000; i++) {
      const value = shapes[shape]!(random)
      values.push(value)
      wait.observe(value)
      // Asked all along the way, so that what is found first does not depend on where it was looked for last.
      if (i < 100 || i % 487 > 0 && i < 5_000) continue
      const exact = nearestRank(values, percentile)
      expect(Math.abs(ask(wait)! - exact) / exact).toBeLessThanOrEqual(0.02)
    }
  },
)

test.each([
  [99.9, 999, 1],
  [99, 99, 1],
  [95, 950, 50],
  [55, 55, 45],
  [1e-7, 1, 99],
])('F-52 p%s of %i fast samples and %i slow ones is a fast one', (percentile, fast, slow) => {
  const wait = latencyPercentile(percentile)
  for (let i = 0; i < fast; i++) wait.observe(10)
  for (let i = 0; i < slow; i++) wait.observe(5_000)
  expect(ask(wait)).toBeCloseTo(10, 0)
})

test('F-52 one more slow sample than the rank allows is a slow one', () => {
  const wait = latencyPercentile(99.9)
  for (let i = 0; i < 998; i++) wait.observe(10)
  for (let i = 0; i < 2; i++) wait.observe(5_000)
  expect(ask(wait)! / 5_000).toBeCloseTo(1, 1)
})

test('RT-32: with too few samples it is the fallback: a number, a list, a strategy, or never', () => {
  const filled = (options: object): LatencyWait => {
    const wait = latencyPercentile(95, { minimumSamples: 3, ...options })
    wait.observe(7)
    wait.observe(7)
    return wait
  }
  expect(ask(filled({}))).toBe(Infinity)
  expect(ask(filled({ fallback: 50 }))).toBe(50)
  expect([ask(filled({ fallback: [1, 2] }), 2), ask(filled({ fallback: [1, 2] }), 3)]).toEqual([2, undefined])
  expect(ask(filled({ fallback: expo({ factor: 10 }) }), 3)).toBe(40)
  const wait = filled({ fallback: 50 })
  wait.observe(7)
  expect(ask(wait)).toBeCloseTo(7, 0)
})

test('old samples fade: after two windows nothing is left of them, and it never has fewer than a window', () => {
  const wait = latencyPercentile(50, { window: 100, minimumSamples: 100, fallback: -0 })
  for (let i = 0; i < 1_000; i++) wait.observe(10)
  const seen: number[] = []
  for (let i = 0; i < 200; i++) {
    wait.observe(1_000)
    seen.push(ask(wait)!)
  }
  expect(seen[0]! / 10).toBeCloseTo(1, 1)
  expect(seen.at(-1)! / 1_000).toBeCloseTo(1, 1)
  expect(seen).not.toContain(-0)
})

test('takes anything a clock may say', () => {
  const wait = latencyPercentile(50, { minimumSamples: 1 })
  for (const odd of [0, -5, NaN]) wait.observe(odd)
  expect(ask(wait)).toBeCloseTo(0.01, 2)
  for (let i = 0; i < 9; i++) wait.observe(Infinity)
  expect(ask(wait)).toBeGreaterThan(9e6)
})

test('RT-17: stays within what was seen and is the same for the same samples', () => {
  const values = Array.from({ length: 3_000 }, seeded(3)).map((x) => 5 + 100 * x)
  const [a, b] = [latencyPercentile(90), latencyPercentile(90)]
  for (const value of values) {
    a.observe(value)
    b.observe(value)
    ask(a)
  }
  expect(ask(a)).toBe(ask(b))
  expect(ask(a)).toBeGreaterThan(5 * 0.98)
  expect(ask(a)).toBeLessThan(105 * 1.02)
})

test.each([
  [0, {}, 'percentile must be a number between 0 and 100; got 0'],
  [100, {}, 'percentile'],
  ['95', {}, 'percentile'],
  [95, { window: 0 }, 'window must be an integer of 1 or more'],
  [95, { window: 1.5 }, 'window'],
  [95, { minimumSamples: 0 }, 'minimumSamples must be an integer from 1 to window'],
  [95, { window: 10, minimumSamples: 11 }, 'minimumSamples'],
  [95, { fallback: -1 }, 'fallback must be a number of 0 or more; got -1'],
])('refuses %o %o', (percentile, options, message) => {
  expect(() => latencyPercentile(percentile as any, options)).toThrow(message)
})

test('a window that is smaller than the default number of samples is enough', () => {
  const wait = latencyPercentile(50, { window: 2 })
  wait.observe(5)
  wait.observe(5)
  expect(ask(wait)).toBeCloseTo(5, 0)
})

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const observed = async (latencies: (number | Error)[], options = {}): Promise<number[]> => {
  const seen: number[] = []
  const wait = Object.assign(() => 10, { observe: (latency: number) => seen.push(latency) })
  let copies = 0
  const operation = async ({ signal }: { signal: AbortSignal }) => {
    const latency = latencies[copies++]!
    if (latency instanceof Error) throw latency
    await sleep(latency, signal)
  }
  retry(operation, { maxTries: 1, use: [hedging({ wait, maxHedge: 2, ...options })] }).catch(() => {})
  await vi.advanceTimersByTimeAsync(1_000)
  return seen
}

test('learns from the first copy: what it took, or how long it ran before it lost or timed out', async () => {
  expect(await observed([7])).toEqual([7])
  expect(await observed([15, 500])).toEqual([15])
  expect(await observed([500, 3])).toEqual([13])
  expect(await observed([500, 500], { timeout: 40 })).toEqual([40])
})

test('learns nothing from copies that failed, nor from those that came in for them', async () => {
  expect(await observed([new Error('x'), 5])).toEqual([])
  expect(await observed([new Error('x'), new Error('y')])).toEqual([])
})

test('the delay does not sink because slow answers are cut off', async () => {
  const random = seeded(1)
  const wait = latencyPercentile(90, { window: 500 })
  const plugin = hedging({ wait, maxHedge: 2 })
  let copies = 0
  const operation = ({ signal }: { signal: AbortSignal }) => {
    copies++
    return sleep(10 + 100 * random(), signal)
  }
  for (let i = 0; i < 3_000; i++) {
    void retry(operation, { use: [plugin] })
    await vi.advanceTimersByTimeAsync(120)
  }
  expect(ask(wait)).toBeGreaterThan(95)
  expect(ask(wait)).toBeLessThan(105)
  expect(copies / 3_000).toBeLessThan(1.13)
})

test.each([
  ['no fallback', undefined, true],
  ['a number', 10, true],
  ['a strategy that needs no clock', expo(), true],
  ['a strategy that may ask for the time of the call', () => 1, false],
])('says whether it needs the clock of the call, and that no jitter changes it: %s', (_, fallback, timeless) => {
  expect({ ...latencyPercentile(95, { fallback }) }).toMatchObject({ exact: true, timeless })
})
