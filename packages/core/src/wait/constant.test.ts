import { expect, test } from 'vitest'
import type { Details, Wait } from '../types.ts'
import { constant } from './constant.ts'

const play = (wait: Wait, count: number) => Array.from({ length: count }, (_, n) => wait({ tries: n + 1 } as Details))

test.each([
  [undefined, [1_000, 1_000, 1_000, 1_000]],
  [250, [250, 250, 250, 250]],
  [0, [0, 0, 0, 0]],
  [Infinity, [Infinity, Infinity, Infinity, Infinity]],
  [[100, 200, 400], [100, 200, 400, undefined]],
  [[0], [0, undefined, undefined, undefined]],
  [[], [undefined, undefined, undefined, undefined]],
])('waits %j: %j', (interval, waits) => {
  expect(play(constant(interval), 4)).toEqual(waits)
})

test('keeps its own copy of the list', () => {
  const list = [1, 2]
  const wait = constant(list)
  list.push(3)
  expect(play(wait, 3)).toEqual([1, 2, undefined])
})

test('needs no clock, and is jittered', () => {
  expect(constant().timeless).toBe(true)
  expect(constant().exact).toBeUndefined()
})

test.each([
  [-1, RangeError],
  [NaN, RangeError],
  [[1, -2], RangeError],
  ['5', TypeError],
  ['', TypeError],
  [null, TypeError],
  [{}, TypeError],
  [[1, '2'], TypeError],
  [Array(1), TypeError],
  [[[1]], TypeError],
])('refuses %j', (interval, error) => {
  expect(() => constant(interval as never)).toThrow(error)
  expect(() => constant(interval as never)).toThrow('interval must be a number of 0 or more; got ')
})
