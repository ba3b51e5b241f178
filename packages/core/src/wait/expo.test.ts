import { expect, test } from 'vitest'
import type { Details, Wait } from '../types.ts'
import { expo } from './expo.ts'

const play = (wait: Wait, count: number) => Array.from({ length: count }, (_, n) => wait({ tries: n + 1 } as Details))

test.each([
  [{}, [1_000, 2_000, 4_000, 8_000, 16_000]],
  [{ factor: 100 }, [100, 200, 400, 800, 1_600]],
  [{ base: 3, factor: 1 }, [1, 3, 9, 27, 81]],
  [{ maxValue: 3_000 }, [1_000, 2_000, 3_000, 3_000, 3_000]],
  [{ base: 1 }, [1_000, 1_000, 1_000, 1_000, 1_000]],
  [{ base: 0 }, [1_000, 0, 0, 0, 0]],
  [{ factor: 0 }, [0, 0, 0, 0, 0]],
  [{ maxValue: 0 }, [0, 0, 0, 0, 0]],
  [{ minValue: 3_000 }, [3_000, 3_000, 4_000, 8_000, 16_000]],
  [{ minValue: 3_000, maxValue: 5_000 }, [3_000, 3_000, 4_000, 5_000, 5_000]],
  [{ minValue: 3_000, maxValue: 2_000 }, [3_000, 3_000, 3_000, 3_000, 3_000]],
  [{ base: undefined, factor: undefined, maxValue: undefined }, [1_000, 2_000, 4_000, 8_000, 16_000]],
])('waits %j: %j', (options, waits) => {
  expect(play(expo(options), 5)).toEqual(waits)
})

test('RT-18 saturates where the power overflows, and stays 0 where there is nothing to multiply', () => {
  const late = { tries: 2_000 } as Details
  expect(expo()(late)).toBe(Number.MAX_VALUE)
  expect(expo({ maxValue: 60_000 })(late)).toBe(60_000)
  expect(expo({ factor: 0 })(late)).toBe(0)
  expect(expo({ base: 0.5, factor: Infinity })(late)).toBe(0)
})

test('needs no clock, and is jittered', () => {
  expect(expo().timeless).toBe(true)
  expect(expo().exact).toBeUndefined()
})

test.each([
  [{ base: -1 }, RangeError, 'base must be a number of 0 or more; got -1'],
  [{ factor: NaN }, RangeError, 'factor must be a number of 0 or more; got NaN'],
  [{ maxValue: '5' }, TypeError, 'maxValue must be a number of 0 or more; got '],
  [{ minValue: -1 }, RangeError, 'minValue must be a number of 0 or more; got -1'],
  [{ factor: null }, TypeError, 'factor must be a number of 0 or more; got '],
])('refuses %j', (options, error, message) => {
  expect(() => expo(options as never)).toThrow(error)
  expect(() => expo(options as never)).toThrow(message)
})
