import { expect, test } from 'vitest'
import type { Details, Wait } from '../types.ts'
import { waitIncrementing } from './incrementing.ts'

const play = (wait: Wait, count: number) => Array.from({ length: count }, (_, n) => wait({ tries: n + 1 } as Details))

test.each([
  [{}, [1_000, 2_000, 3_000, 4_000]],
  [{ start: 0, increment: 50 }, [0, 50, 100, 150]],
  [{ maxValue: 2_500 }, [1_000, 2_000, 2_500, 2_500]],
  [{ start: 100, increment: -40 }, [100, 60, 20, 0]],
  [{ start: 100, increment: 0 }, [100, 100, 100, 100]],
  [{ start: Infinity, increment: -Number.MAX_VALUE, maxValue: 5 }, [5, 5, 0, 0]],
])('waits %j: %j', (options, waits) => {
  expect(play(waitIncrementing(options), 4)).toEqual(waits)
})

test('needs no clock, and is jittered', () => {
  expect(waitIncrementing().timeless).toBe(true)
  expect(waitIncrementing().exact).toBeUndefined()
})

test.each([
  [{ start: -1 }, 'start must be a number of 0 or more; got -1'],
  [{ maxValue: NaN }, 'maxValue must be a number of 0 or more; got NaN'],
  [{ increment: NaN }, 'increment must be a finite number; got NaN'],
  [{ increment: Infinity }, 'increment must be a finite number; got Infinity'],
  [{ increment: '1' }, 'increment must be a finite number; got '],
])('refuses %j', (options, message) => {
  expect(() => waitIncrementing(options as never)).toThrow(message)
})
