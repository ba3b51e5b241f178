import { expect, test } from 'vitest'
import type { Details, Wait } from '../types.ts'
import { fibo } from './fibo.ts'

const play = (wait: Wait, count: number) => Array.from({ length: count }, (_, n) => wait({ tries: n + 1 } as Details))

test.each([
  [{}, [1_000, 1_000, 2_000, 3_000, 5_000, 8_000, 13_000]],
  [{ factor: 10, maxValue: 40 }, [10, 10, 20, 30, 40, 40, 40]],
  [{ factor: 0 }, [0, 0, 0, 0, 0, 0, 0]],
  [{ maxValue: 0 }, [0, 0, 0, 0, 0, 0, 0]],
])('waits %j: %j', (options, waits) => {
  expect(play(fibo(options), 7)).toEqual(waits)
})

test.each([2_000, 1e12])('RT-18 saturates after %d tries', (tries) => {
  expect(fibo()({ tries } as Details)).toBe(Number.MAX_VALUE)
  expect(fibo({ maxValue: 60_000 })({ tries } as Details)).toBe(60_000)
  expect(fibo({ factor: 0 })({ tries } as Details)).toBe(0)
})

test('needs no clock, and is jittered', () => {
  expect(fibo().timeless).toBe(true)
  expect(fibo().exact).toBeUndefined()
})

test.each([{ factor: -1 }, { maxValue: NaN }, { factor: '1' }])('refuses %j', (options) => {
  expect(() => fibo(options as never)).toThrow(/^(factor|maxValue) must be a number of 0 or more; got /)
})
