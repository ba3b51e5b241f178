import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { equalJitter } from '../jitter/equal.ts'
import { fullJitter } from '../jitter/full.ts'
import { randomJitter } from '../jitter/random.ts'
import { override } from '../seams/override.ts'
import type { Details, Jitter, Undo } from '../types.ts'
import { waitFor, type WaitLike } from './ask.ts'
import { waitChain } from './chain.ts'
import { constant } from './constant.ts'
import { decay } from './decay.ts'
import { decorrelated } from './decorrelated.ts'
import { expo } from './expo.ts'
import { waitExponentialJitter } from './exponential-jitter.ts'
import { fibo } from './fibo.ts'
import { waitIncrementing } from './incrementing.ts'
import { waitNone } from './none.ts'
import { waitRandomExponential } from './random-exponential.ts'
import { waitRandom } from './random.ts'
import { retryAfter } from './retry-after.ts'
import { waitSum } from './sum.ts'

let undo: Undo | undefined
afterEach(() => undo?.())

/** Mulberry32: small, and the same for the same seed. */
const seed = (state: number): void => {
  undo?.()
  undo = override({
    random: () => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    },
  })
}

/** The first waits, by the jitter of a call, each told of the one before. */
const play = (wait: WaitLike, jitter: Jitter | null | undefined, tries: readonly number[]): (number | undefined)[] => {
  let previousWait = 0
  return tries.map((at) => {
    const next = waitFor(wait, { tries: at, previousWait, exception: new Error('x') } as unknown as Details, jitter)
    previousWait = next ?? previousWait
    return next
  })
}

const ms = fc.oneof(
  fc.constantFrom(0, Number.MIN_VALUE, 1, 1_000, 2 ** 31, Number.MAX_VALUE, Infinity),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
)
const base = fc.oneof(fc.constantFrom(0, 1, 2, 3, Infinity), fc.double({ min: 0, max: 10, noNaN: true }))
const tries = fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 20 })

/** A strategy and the longest wait it may give. */
const single = fc.oneof(
  fc
    .record({ base, factor: ms, minValue: ms, maxValue: ms })
    .map((options) => ({ wait: expo(options), cap: Math.max(options.minValue, options.maxValue) })),
  ms.map((wait) => ({ wait, cap: wait })),
  fc.array(ms).map((wait) => ({ wait, cap: Math.max(0, ...wait) })),
  ms.map((interval) => ({ wait: constant(interval), cap: interval })),
  fc.array(ms).map((list) => ({ wait: constant(list), cap: Math.max(0, ...list) })),
  fc.record({ factor: ms, maxValue: ms }).map((options) => ({ wait: fibo(options), cap: options.maxValue })),
  fc
    .record({ initialValue: ms, decayFactor: ms, minValue: ms })
    .map((options) => ({ wait: decay(options), cap: Math.max(options.initialValue, options.minValue) })),
  fc
    .record({ start: ms, increment: fc.double({ noNaN: true, noDefaultInfinity: true }), maxValue: ms })
    .map((options) => ({ wait: waitIncrementing(options), cap: options.maxValue })),
  fc.constant({ wait: waitNone(), cap: 0 }),
  fc.tuple(ms, ms).map(([a, b]) => ({ wait: waitRandom({ min: Math.min(a, b), max: Math.max(a, b) }), cap: Math.max(a, b) })),
  fc
    .record({ multiplier: ms, expBase: base, a: ms, b: ms })
    .map(({ multiplier, expBase, a, b }) => ({
      wait: waitRandomExponential({ multiplier, expBase, minValue: Math.min(a, b), maxValue: Math.max(a, b) }),
      cap: Math.max(a, b),
    })),
  fc
    .record({ initial: ms, max: ms, expBase: base, jitter: ms })
    .map((options) => ({ wait: waitExponentialJitter(options), cap: options.max })),
  fc.record({ base: ms, maxValue: ms }).map((options) => ({ wait: decorrelated(options), cap: options.maxValue })),
)
const strategy = fc.oneof(
  single,
  fc.array(single, { minLength: 1, maxLength: 3 }).map((members) => ({
    wait: waitSum(...members.map(({ wait }) => wait)),
    cap: members.reduce((sum, { cap }) => sum + cap, 0),
  })),
  fc.array(single, { minLength: 1, maxLength: 3 }).map((members) => ({
    wait: waitChain(...members.map(({ wait }) => wait)),
    cap: Math.max(...members.map(({ cap }) => cap)),
  })),
  single.map(({ wait, cap }) => ({ wait: retryAfter({ fallback: wait }), cap })),
  single.map(({ wait, cap }) => ({ wait: retryAfter({ fallback: wait, jitter: equalJitter }), cap })),
)
const jitter = fc.constantFrom(undefined, null, fullJitter, equalJitter, randomJitter)

describe('any strategy with any jitter', () => {
  test('RT-17 waits from 0 to the cap, and never NaN', () => {
    fc.assert(
      fc.property(strategy, jitter, tries, fc.integer(), ({ wait, cap }, jitter, tries, start) => {
        seed(start)
        // Adding a second to each of up to three members is what `randomJitter` is for. The last digit of a rounded sum is no wait above the cap.
        const limit = (cap + (jitter === randomJitter ? 3_000 : 0)) * (1 + Number.EPSILON * 4) + Number.MIN_VALUE
        for (const next of play(wait, jitter, tries)) {
          if (next !== undefined) expect(next >= 0 && next <= limit, `0 <= ${next} <= ${limit}`).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('RT-17 waits the same with the same seed', () => {
    fc.assert(
      fc.property(strategy, jitter, tries, fc.integer(), ({ wait }, jitter, tries, start) => {
        seed(start)
        const first = play(wait, jitter, tries)
        seed(start)
        expect(play(wait, jitter, tries)).toEqual(first)
      }),
    )
  })

  test.each([
    ['expo with fullJitter', expo({ maxValue: 8_000 }), fullJitter],
    ['expo with equalJitter', expo({ maxValue: 8_000 }), equalJitter],
    ['expo with randomJitter', expo({ maxValue: 8_000 }), randomJitter],
    ['fibo with fullJitter', fibo({ maxValue: 8_000 }), fullJitter],
    ['waitIncrementing with fullJitter', waitIncrementing({ maxValue: 8_000 }), fullJitter],
    ['waitRandomExponential', waitRandomExponential({ maxValue: 8_000 }), fullJitter],
    ['decorrelated', decorrelated({ maxValue: 8_000 }), fullJitter],
    ['the fallback of retryAfter', retryAfter({ fallback: expo({ maxValue: 8_000 }) }), undefined],
    ['a member of waitSum', waitSum(5, expo({ maxValue: 8_000 })), undefined],
    ['a member of waitChain', waitChain([5], fibo({ maxValue: 8_000 })), undefined],
    ['expo by default', expo({ maxValue: 8_000 }), undefined],
  ])('RT-17 still spreads at the cap: %s', (_, wait, jitter) => {
    seed(1)
    const waits = play(wait, jitter, Array.from({ length: 100 }, (_, n) => 100 + n))
    expect(new Set(waits).size).toBeGreaterThan(25)
  })

  test('RT-18 grows from the base without NaN or overflow over 2000 tries', () => {
    seed(1)
    const all = Array.from({ length: 2_000 }, (_, n) => n + 1)
    for (const [wait, first] of [
      [expo({ base: 3 }), 1_000],
      [expo({ base: 3, factor: 0 }), 0],
      [expo({ base: 3, factor: 5, maxValue: 60_000 }), 5],
      [fibo(), 1_000],
      [fibo({ factor: 0 }), 0],
      [waitExponentialJitter({ expBase: 3, jitter: 0 }), 1_000],
      [waitExponentialJitter({ expBase: 3, jitter: 0, max: Infinity }), 1_000],
      [waitRandomExponential({ expBase: 3, minValue: 1_000 }), 1_000],
      [waitIncrementing({ increment: Number.MAX_VALUE }), 1_000],
      [waitSum(expo({ base: 3 }), fibo()), 2_000],
    ] as const) {
      const waits = play(wait, null, all)
      expect(waits[0]).toBe(first)
      for (const next of waits) expect(Number.isFinite(next), `${next} is finite`).toBe(true)
    }
  })
})
