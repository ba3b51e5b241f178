import { expect, test } from 'vitest'
import { play } from '../../test/play.ts'
import { waitRandomExponential } from './random-exponential.ts'

test.each([
  [{}, 0.5, [500, 1_000, 2_000, 4_000]],
  [{}, 0, [0, 0, 0, 0]],
  [{ multiplier: 100, expBase: 3, maxValue: 500 }, 0.5, [50, 150, 250, 250]],
  [{ minValue: 3_000, maxValue: 6_000 }, 0, [3_000, 3_000, 3_000, 3_000]],
  [{ minValue: 3_000, maxValue: 6_000 }, 0.5, [3_000, 3_000, 3_500, 4_500]],
  [{ minValue: 10, maxValue: 10 }, 0.5, [10, 10, 10, 10]],
  [{ minValue: Infinity }, 0.5, [Infinity, Infinity, Infinity, Infinity]],
])('waits %j at a draw of %d: %j', (options, draw, waits) => {
  expect(play(waitRandomExponential(options), draw, 4)).toEqual(waits)
})

test('needs no clock, and is not jittered', () => {
  expect({ ...waitRandomExponential() }).toEqual({ exact: true, timeless: true })
})

test.each([
  [{ multiplier: -1 }, 'multiplier must be a number of 0 or more; got -1'],
  [{ expBase: NaN }, 'expBase must be a number of 0 or more; got NaN'],
  [{ maxValue: '1' }, 'maxValue must be a number of 0 or more; got '],
  [{ minValue: 2, maxValue: 1 }, 'minValue must be maxValue (1) or less; got 2'],
])('refuses %j', (options, message) => {
  expect(() => waitRandomExponential(options as never)).toThrow(message)
})
