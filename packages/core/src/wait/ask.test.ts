import { afterEach, describe, expect, test, vi } from 'vitest'
import { equalJitter } from '../jitter/equal.ts'
import { override } from '../seams/override.ts'
import type { Details, Jitter, Undo, Wait } from '../types.ts'
import { finite, waitFor, type WaitLike } from './ask.ts'
import { constant } from './constant.ts'
import { decay } from './decay.ts'
import { decorrelated } from './decorrelated.ts'
import { waitException } from './exception.ts'
import { double, expo } from './expo.ts'
import { waitExponentialJitter } from './exponential-jitter.ts'
import { fibo } from './fibo.ts'
import { waitIncrementing } from './incrementing.ts'
import { waitNone } from './none.ts'
import { waitRandomExponential } from './random-exponential.ts'
import { waitRandom } from './random.ts'
import { runtime } from './runtime.ts'

const at = (tries: number): Details => ({ tries, previousWait: 0, exception: 'x' }) as unknown as Details
const play = (wait: WaitLike, jitter?: Jitter | null) => [1, 2, 3].map((tries) => waitFor(wait, at(tries), jitter))
const plusOne = (ms: number) => ms + 1

let undo: Undo
const drawing = (draw: number): void => {
  undo = override({ random: () => draw })
}
afterEach(() => undo?.())

describe('F-05 what is written out is waited as it stands, and spread by a jitter that is given', () => {
  test.each<[string, WaitLike, (number | undefined)[], (number | undefined)[]]>([
    ['a number', 500, [500, 500, 500], [501, 501, 501]],
    ['0', 0, [0, 0, 0], [1, 1, 1]],
    ['a list', [1, 2], [1, 2, undefined], [2, 3, undefined]],
    ['a function of one\'s own', ({ tries }) => 100 * tries, [100, 200, 300], [101, 201, 301]],
    ['waitNone', waitNone(), [0, 0, 0], [1, 1, 1]],
  ])('%s', (_, wait, plain, jittered) => {
    drawing(0.5)
    expect(play(wait)).toEqual(plain)
    expect(play(wait, null)).toEqual(plain)
    expect(play(wait, plusOne)).toEqual(jittered)
  })
})

describe("F-05 the original's strategies are spread by fullJitter by default", () => {
  test.each<[string, Wait, (number | undefined)[]]>([
    ['expo', expo(), [1_000, 2_000, 4_000]],
    ['the bare curve', double, [1_000, 2_000, 4_000]],
    ['constant', constant(8), [8, 8, 8]],
    ['constant of a list', constant([2, 4]), [2, 4, undefined]],
    ['fibo', fibo(), [1_000, 1_000, 2_000]],
    ['decay', decay({ decayFactor: 0 }), [1_000, 1_000, 1_000]],
    ['waitIncrementing', waitIncrementing(), [1_000, 2_000, 3_000]],
  ])('%s', (_, wait, plain) => {
    drawing(0.5)
    expect(play(wait)).toEqual(plain.map((ms) => ms && ms / 2))
    expect(play(wait, null)).toEqual(plain)
    expect(play(wait, plusOne)).toEqual(plain.map((ms) => ms && ms + 1))
    expect([1, 2, 3].map((tries) => wait(at(tries)))).toEqual(plain)
  })
})

test.each<[string, Wait]>([
  ['waitRandom', waitRandom({ min: 100, max: 200 })],
  ['waitRandomExponential', waitRandomExponential()],
  ['waitExponentialJitter', waitExponentialJitter()],
  ['decorrelated', decorrelated()],
  ['runtime', runtime(() => 7)],
  ['waitException', waitException(() => 7)],
])('F-05 %s is exact: no jitter changes it', (_, wait) => {
  drawing(0.5)
  expect(play(wait, () => 1)).toEqual(play(wait, null))
  expect(play(wait)).toEqual(play(wait, null))
})

test('gives the jitter of the call to a composite, and only the record to anything else', () => {
  const jitter = () => 1
  for (const given of [undefined, null, jitter]) {
    const composite = Object.assign(vi.fn<Wait>(() => 5), { composite: true })
    expect(waitFor(composite, at(1), given)).toBe(5)
    expect(composite.mock.calls).toEqual([[at(1), given]])
    const plain = vi.fn<Wait>(() => 5)
    waitFor(plain, at(1), given)
    expect(plain.mock.calls).toEqual([[at(1)]])
  }
})

test('never jitters an end', () => {
  const jitter = vi.fn(equalJitter)
  expect(waitFor(() => undefined, at(1), jitter)).toBeUndefined()
  expect(waitFor([], at(1), jitter)).toBeUndefined()
  expect(jitter).not.toHaveBeenCalled()
})

describe('refuses what is no wait', () => {
  test.each([
    [() => NaN, RangeError, 'wait must be a number of 0 or more; got NaN'],
    [() => -1, RangeError, 'wait must be a number of 0 or more; got -1'],
    [() => '5', TypeError, 'wait must be a number of 0 or more; got "5"'],
    [() => null, TypeError, 'wait must be a number of 0 or more; got null'],
    [[NaN], RangeError, 'wait must be a number of 0 or more; got NaN'],
    [expo, TypeError, /^wait must be a number of 0 or more; got .*expo/],
    [async () => 5, TypeError, 'wait must answer at once, not with a promise: decide inside the operation'],
  ])('%o', (wait, error, message) => {
    // A factory that was not called takes the record for its options, and says so.
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect(() => waitFor(wait as never, at(1))).toThrow(error)
    expect(() => waitFor(wait as never, at(1))).toThrow(message)
  })

  test('of a jitter, and says so', () => {
    expect(() => waitFor(1, at(1), () => NaN)).toThrow(new RangeError('jitter(wait) must be a number of 0 or more; got NaN'))
    expect(() => waitFor(1, at(1), () => undefined as never)).toThrow(TypeError)
    expect(() => waitFor(1, at(1), (async () => 1) as never)).toThrow('jitter must answer at once')
  })

  test('of a strategy before a jitter has seen it', () => {
    const jitter = vi.fn(equalJitter)
    expect(() => waitFor(() => -1, at(1), jitter)).toThrow('got -1')
    expect(jitter).not.toHaveBeenCalled()
  })
})

test.each<[string, WaitLike | undefined, boolean]>([
  ['nothing', undefined, false],
  ['a number', 5, false],
  ['a list', [1], true],
  ['an empty list', [], true],
  ['a list in constant()', constant([1]), true],
  ['a number in constant()', constant(1), false],
  ['expo', expo(), false],
  ['a function of one\'s own', () => undefined, false],
  ['one that says so', Object.assign(() => undefined, { finite: true }), true],
])('F-06 whether %s runs out by itself: %s', (_, wait, is) => {
  expect(finite(wait)).toBe(is)
})
