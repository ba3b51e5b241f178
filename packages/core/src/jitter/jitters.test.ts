import { afterEach, expect, test } from 'vitest'
import { equalJitter } from './equal.ts'
import { fullJitter } from './full.ts'
import { randomJitter } from './random.ts'
import { override } from '../seams/override.ts'
import type { Undo } from '../types.ts'

let undo: Undo | undefined
afterEach(() => undo?.())

test.each([
  // draw, full, equal, random, of a wait of 800
  [0, 0, 400, 800],
  [0.25, 200, 500, 1_050],
  [0.5, 400, 600, 1_300],
  [0.75, 600, 700, 1_550],
])('spreads 800 ms at a draw of %d', (draw, full, equal, random) => {
  undo = override({ random: () => draw })
  expect([fullJitter(800), equalJitter(800), randomJitter(800)]).toEqual([full, equal, random])
})

test('spreads no wait: none, none, up to a second', () => {
  undo = override({ random: () => 0.5 })
  expect([fullJitter(0), equalJitter(0), randomJitter(0)]).toEqual([0, 0, 500])
})

test.each([0, 0.5, 0.999])('makes no NaN of an endless wait at a draw of %d', (draw) => {
  undo = override({ random: () => draw })
  for (const jitter of [fullJitter, equalJitter, randomJitter]) expect(jitter(Infinity)).toBeGreaterThanOrEqual(0)
})

test('hands on a NaN, for the engine to refuse', () => {
  for (const jitter of [fullJitter, equalJitter, randomJitter]) expect(jitter(NaN)).toBeNaN()
})

test('draws from Math.random when nothing is forced', () => {
  const waits = Array.from({ length: 100 }, () => fullJitter(1_000))
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...waits)).toBeLessThan(1_000)
  expect(new Set(waits).size).toBeGreaterThan(90)
})
