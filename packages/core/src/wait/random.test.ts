import { expect, test } from 'vitest'
import { play } from '../../test/play.ts'
import { waitRandom } from './random.ts'

test.each([
  [{}, 0, [0, 0]],
  [{}, 0.25, [250, 250]],
  [{ min: 500, max: 700 }, 0, [500, 500]],
  [{ min: 500, max: 700 }, 0.5, [600, 600]],
  [{ min: 5, max: 5 }, 0.9, [5, 5]],
  [{ min: 7, max: Infinity }, 0, [7, 7]],
  [{ min: Infinity, max: Infinity }, 0.5, [Infinity, Infinity]],
])('waits %j at a draw of %d: %j', (options, draw, waits) => {
  expect(play(waitRandom(options), draw, 2)).toEqual(waits)
})

test('needs no clock, and is not jittered', () => {
  expect({ ...waitRandom() }).toEqual({ exact: true, timeless: true })
})

test.each([
  [{ min: -1 }, RangeError, 'min must be a number of 0 or more; got -1'],
  [{ max: NaN }, RangeError, 'max must be a number of 0 or more; got NaN'],
  [{ min: '1' }, TypeError, 'min must be a number of 0 or more; got '],
  [{ min: 2_000 }, RangeError, 'min must be max (1000) or less; got 2000'],
])('refuses %j', (options, error, message) => {
  expect(() => waitRandom(options as never)).toThrow(error)
  expect(() => waitRandom(options as never)).toThrow(message)
})
