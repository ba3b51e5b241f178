import { expect, test } from 'vitest'
import type { Details, Wait } from '../types.ts'
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

test('hands on what is no number, for the engine to refuse', () => {
  expect(waitSum(1, () => NaN)({ tries: 1 } as Details)).toBeNaN()
})

test.each([
  [waitSum(expo(), constant()), false, true],
  [waitSum(waitRandom(), waitRandom()), true, true],
  [waitSum(expo(), waitRandom()), false, true],
  [waitSum(waitRandom(), runtime(() => 1)), true, false],
])('is exact, and needs no clock, when that is true of all members', (wait, exact, timeless) => {
  expect({ ...wait }).toEqual({ exact, timeless })
})

test('refuses no members, and members that are no waits', () => {
  expect(() => waitSum()).toThrow(new TypeError('waitSum must be given at least one wait'))
  expect(() => waitSum(undefined as never)).toThrow(TypeError)
  expect(() => waitSum(1, -1)).toThrow(RangeError)
})
