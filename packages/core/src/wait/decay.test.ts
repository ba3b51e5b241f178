import { expect, test } from 'vitest'
import type { Details, Wait } from '../types.ts'
import { decay } from './decay.ts'

const play = (wait: Wait, count: number) => Array.from({ length: count }, (_, n) => wait({ tries: n + 1 } as Details))

test.each([
  [{}, [1_000, 1_000 / Math.E, 1_000 / Math.E ** 2]],
  [{ decayFactor: 0 }, [1_000, 1_000, 1_000]],
  [{ decayFactor: Math.LN2 }, [1_000, 500, 250]],
  [{ minValue: 200 }, [1_000, 1_000 / Math.E, 200]],
  [{ initialValue: 100, minValue: 200 }, [200, 200, 200]],
  [{ initialValue: 0 }, [0, 0, 0]],
  [{ decayFactor: Infinity, minValue: 3 }, [1_000, 3, 3]],
  [{ initialValue: Infinity, decayFactor: Infinity }, [Infinity, 0, 0]],
])('waits %j: %j', (options, waits) => {
  play(decay(options), 3).forEach((wait, n) => {
    if (waits[n] === Infinity) expect(wait).toBe(Infinity)
    else expect(wait).toBeCloseTo(waits[n]!, 9)
  })
})

test('RT-18 ends at its lower bound after 2000 tries', () => {
  expect(decay()({ tries: 2_000 } as Details)).toBe(0)
  expect(decay({ minValue: 50 })({ tries: 2_000 } as Details)).toBe(50)
})

test('needs no clock, and is jittered', () => {
  expect(decay().timeless).toBe(true)
  expect(decay().exact).toBeUndefined()
})

test.each([{ initialValue: -1 }, { decayFactor: NaN }, { minValue: '1' }])('refuses %j', (options) => {
  expect(() => decay(options as never)).toThrow(/ must be a number of 0 or more; got /)
})
