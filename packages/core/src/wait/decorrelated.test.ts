import { expect, test } from 'vitest'
import { play } from '../../test/play.ts'
import { decorrelated } from './decorrelated.ts'

test.each([
  [{}, 0, [1_000, 1_000, 1_000, 1_000]],
  [{}, 0.5, [2_000, 3_500, 5_750, 9_125]],
  [{ maxValue: 4_000 }, 0.5, [2_000, 3_500, 4_000, 4_000]],
  [{ base: 10, maxValue: 5 }, 0.5, [5, 5, 5, 5]],
  [{ base: 0 }, 0.5, [0, 0, 0, 0]],
  [{ base: Infinity }, 0.5, [20_000, 20_000, 20_000, 20_000]],
])('waits %j at a draw of %d: %j', (options, draw, waits) => {
  expect(play(decorrelated(options), draw, 4)).toEqual(waits)
})

test('RT-18 neither overflows nor is NaN when nothing caps it', () => {
  expect(play(decorrelated({ maxValue: Infinity }), 0.9, 2_000).every(Number.isFinite)).toBe(true)
})

test('needs no clock, and is not jittered', () => {
  expect({ ...decorrelated() }).toEqual({ exact: true, timeless: true })
})

test.each([{ base: -1 }, { maxValue: NaN }, { base: '1' }])('refuses %j', (options) => {
  expect(() => decorrelated(options as never)).toThrow(/^(base|maxValue) must be a number of 0 or more; got /)
})
