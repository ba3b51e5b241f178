import { expect, test } from 'vitest'
import { play } from '../../test/play.ts'
import { waitExponentialJitter } from './exponential-jitter.ts'

test.each([
  [{}, 0, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]],
  [{}, 0.5, [1_500, 2_500, 4_500, 8_500, 16_500, 32_500, 60_000, 60_000]],
  [{ initial: 10, max: 50, expBase: 3, jitter: 8 }, 0.5, [14, 34, 50, 50, 50, 50, 50, 50]],
  [{ jitter: 0, max: 4_000 }, 0.5, [1_000, 2_000, 4_000, 4_000, 4_000, 4_000, 4_000, 4_000]],
  [{ max: 0 }, 0.5, [0, 0, 0, 0, 0, 0, 0, 0]],
])('waits %j at a draw of %d: %j', (options, draw, waits) => {
  expect(play(waitExponentialJitter(options), draw, 8)).toEqual(waits)
})

test('needs no clock, and is not jittered', () => {
  expect({ ...waitExponentialJitter() }).toEqual({ exact: true, timeless: true })
})

test.each([
  [{ initial: -1 }, 'initial must be a number of 0 or more; got -1'],
  [{ max: NaN }, 'max must be a number of 0 or more; got NaN'],
  [{ expBase: '2' }, 'expBase must be a number of 0 or more; got '],
  [{ jitter: -1 }, 'jitter must be a number of 0 or more; got -1'],
])('refuses %j', (options, message) => {
  expect(() => waitExponentialJitter(options as never)).toThrow(message)
})
