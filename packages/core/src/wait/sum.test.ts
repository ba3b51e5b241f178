import { describe, expect, test } from 'vitest'
import { override } from '../seams/override.ts'
import type { Details, Jitter, Wait } from '../types.ts'
import { waitFor } from './ask.ts'
import { constant } from './constant.ts'
import { expo } from './expo.ts'
import { waitRandom } from './random.ts'
import { runtime } from './runtime.ts'
import { waitSum } from './sum.ts'

const play = (wait: Wait, count: number) => Array.from({ length: count }, (_, n) => wait({ tries: n + 1 } as Details))

test.each([
  ['one member', waitSum(expo()), [1_000, 2_000, 4_000, 8_000]],
  ['a number', waitSum(expo(), 500), [1_500, 2_500, 4_500, 8_500]],
  ['a list', waitSum(100, [1, 2]), [101, 102, undefined, undefined]],
  ['two lists: the shorter ends it', waitSum([1, 2, 3], [10, 20]), [11, 22, undefined, undefined]],
  ['a sum', waitSum(waitSum(1, 2), 3), [6, 6, 6, 6]],
  ['the largest number twice', waitSum(Number.MAX_VALUE, Number.MAX_VALUE), Array(4).fill(Number.MAX_VALUE)],
])('sums %s', (_, wait, waits) => {
  expect(play(wait, 4)).toEqual(waits)
})

test('refuses what a member gives and is no number', () => {
  expect(() => waitSum(1, () => NaN)({ tries: 1 } as Details)).toThrow(new RangeError('wait must be a number of 0 or more; got NaN'))
})

test('F-09 refuses a promise of a member', () => {
  expect(() => waitSum(1, (async () => 5) as never)({ tries: 1 } as Details)).toThrow('wait must answer at once')
})

describe('F-05 each member is jittered, or not, as it would be alone', () => {
  const by = (wait: Wait, jitter?: Jitter | null) => waitFor(wait, { tries: 1 } as Details, jitter)
  const plusOne = (ms: number) => ms + 1

  test.each<[string, Wait, [number, number, number, number]]>([
    ['a number and a random wait', waitSum(3_000, waitRandom({ max: 2_000 })), [4_000, 4_000, 4_001, 4_000]],
    ['a number and a curve', waitSum(100, expo()), [600, 1_100, 1_102, 1_100]],
    ['a list and a function', waitSum([7], () => 5), [12, 12, 14, 12]],
    ['a sum of sums', waitSum(waitSum(100, expo()), waitSum(1, 1)), [602, 1_102, 1_106, 1_102]],
    ['a function that speaks for a server', waitSum(runtime(() => 5), 5), [10, 10, 11, 10]],
  ])('%s: by default, with jitter null, with one, asked plainly', (_, wait, waits) => {
    const undo = override({ random: () => 0.5 })
    expect([by(wait), by(wait, null), by(wait, plusOne), wait({ tries: 1 } as Details)]).toEqual(waits)
    undo()
  })
})

test.each([
  [waitSum(expo(), constant()), false, true],
  [waitSum(expo(), [1]), true, true],
  [waitSum(expo(), waitSum(constant([1]), 5)), true, true],
  [waitSum(5, runtime(() => 1)), false, false],
  [waitSum([5], runtime(() => 1)), true, false],
])('F-06 is a bound when one member is; needs no clock when none does', (wait, finite, timeless) => {
  expect({ ...wait }).toEqual({ exact: true, composite: true, finite, timeless })
})

test('keeps its own copy of a list', () => {
  const list = [1, 2]
  const wait = waitSum(list, 10)
  list[0] = 100
  list.push(3)
  expect(play(wait, 3)).toEqual([11, 12, undefined])
})

test('refuses no members, and members that are no waits', () => {
  expect(() => waitSum()).toThrow(new TypeError('waitSum must be given at least one wait'))
  expect(() => waitSum(undefined as never)).toThrow(TypeError)
  expect(() => waitSum(1, -1)).toThrow(new RangeError('a wait of waitSum must be a number of 0 or more; got -1'))
})
