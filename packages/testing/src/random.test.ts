import { fullJitter, random, retry } from '@backon/core'
import { expect, it, vi } from 'vitest'
import { virtualClock } from './clock/clock.ts'
import { flaky } from './faults/faults.ts'
import { randomFrom, seededRandom } from './random.ts'

const waits = async (seed: number): Promise<number[]> => {
  const seen: number[] = []
  await seededRandom(seed, () => virtualClock().run(() => retry(flaky({ failures: 5 }), { maxTries: 6, onBackoff: ({ wait }) => seen.push(wait!) })))
  return seen
}

it('gives the same waits for the same seed, and others for another', async () => {
  const [one, again, other] = [await waits(42), await waits(42), await waits(43)]
  expect(one).toHaveLength(5)
  expect(again).toEqual(one)
  expect(other).not.toEqual(one)
})

it('draws evenly from [0, 1)', () => {
  const draw = randomFrom(7)
  const buckets = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 100_000; i++) buckets[Math.floor(draw() * 10)]!++
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(400)
})

it('is the published generator', () => {
  // First outputs of mulberry32 for the seed 1, from the reference in C.
  const draw = randomFrom(1)
  expect([draw(), draw()].map((n) => n.toFixed(10))).toEqual(['0.6270739406', '0.0027357212'])
})

it('keeps two seeds apart that are used at the same time', async () => {
  expect(await Promise.all([waits(1), waits(2)])).toEqual([await waits(1), await waits(2)])
})

it('holds for the process until undone, and knows its seed', () => {
  const seeded = seededRandom(5)
  const drawn = [random(), fullJitter(1)]
  seeded()
  const draw = randomFrom(5)
  expect([seeded.seed, drawn]).toEqual([5, [draw(), draw()]])
  expect(random()).not.toBe(draw())
})

it('picks a seed by itself, another one each time', () => {
  const [a, b] = [seededRandom(), seededRandom()]
  a()
  b()
  expect(a.seed).not.toBe(b.seed)
})

it('prints the seed when the function fails, and only then', async () => {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {})
  expect(seededRandom(7, () => 'fine')).toBe('fine')
  expect(print).not.toHaveBeenCalled()
  await expect(seededRandom(8, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(() => seededRandom(9, () => { throw new Error('no') })).toThrow('no')
  expect(print.mock.calls).toEqual([['failed with seededRandom(8)'], ['failed with seededRandom(9)']])
  print.mockRestore()
})

it('refuses what is no seed', () => {
  expect(() => seededRandom(0.5)).toThrow('seed must be a whole number; got 0.5')
})
