import { expect, test, vi } from 'vitest'
import { override } from '../seams/override.ts'
import type { Details, Jitter, Wait } from '../types.ts'
import { waitFor } from './ask.ts'
import { waitChain } from './chain.ts'
import { expo } from './expo.ts'
import { waitRandom } from './random.ts'
import { retryAfter } from './retry-after.ts'
import { runtime } from './runtime.ts'
import { waitSum } from './sum.ts'

const play = (wait: Wait, count: number) => Array.from({ length: count }, (_, n) => wait({ tries: n + 1 } as Details))

test.each([
  ['a list, then a strategy from its own first step', waitChain([1, 2], expo()), [1, 2, 1_000, 2_000, 4_000]],
  ['two lists, and has then run out', waitChain([1, 2], [3]), [1, 2, 3, undefined, undefined]],
  ['three lists', waitChain([1], [2, 3], [4, 5]), [1, 2, 3, 4, 5]],
  ['past an empty list', waitChain([], [1], [], [2], 3), [1, 2, 3, 3, 3]],
  ['an endless member for ever', waitChain(7, [1]), [7, 7, 7, 7, 7]],
  ['one member', waitChain([1, 2]), [1, 2, undefined, undefined, undefined]],
  ['a chain', waitChain(waitChain([1], [2]), waitChain([3], 4)), [1, 2, 3, 4, 4]],
  ['a sum', waitChain(waitSum([1, 2], 10), 5), [11, 12, 5, 5, 5]],
])('plays %s', (_, wait, waits) => {
  expect(play(wait, 5)).toEqual(waits)
})

test('finds the end of a long list in a few questions', () => {
  const list = Array.from({ length: 1_000 }, (_, n) => n)
  const member = vi.fn<Wait>((details) => list[details.tries - 1])
  const wait = waitChain(member, expo())
  expect(wait({ tries: 1_001 } as Details)).toBe(1_000)
  expect(wait({ tries: 1_000 } as Details)).toBe(999)
  expect(member.mock.calls.length).toBeLessThan(15)
})

test('tells its members every fact but the tries', () => {
  const member = vi.fn<Wait>(() => 1)
  const details = { tries: 3, previousWait: 2, name: 'x', exception: undefined } as Details
  waitChain([5], member)(details)
  expect(member).toHaveBeenCalledWith({ ...details, tries: 2 })
  expect('exception' in member.mock.lastCall![0]).toBe(true)
})

test('goes on for one wait with the next member when one runs out because of the outcome', () => {
  const wait = waitChain(retryAfter({ max: 100, fallback: 1, jitter: null }), [20, 30, 40])
  const asked = (tries: number, retryAfter?: number) => wait({ tries, exception: { retryAfter } } as Details)
  expect([asked(1), asked(2, 50), asked(3, 1_000), asked(4)]).toEqual([1, 50, 40, 1])
})

test.each([
  [waitChain([1], expo()), false, true],
  [waitChain([1], [2]), true, true],
  [waitChain([1], waitSum([2], expo())), true, true],
  [waitChain([1], retryAfter({ fallback: [1] })), false, true],
  [waitChain([1], runtime(() => 1)), false, false],
])('F-06 is a bound when all members are; needs no clock when none does', (wait, finite, timeless) => {
  expect({ ...wait }).toEqual({ exact: true, composite: true, finite, timeless })
})

test('F-05 each member is jittered, or not, as it would be alone', () => {
  const undo = override({ random: () => 0.5 })
  const wait = waitChain([7, 8], waitRandom({ max: 100 }))
  const curve = waitChain([7], expo())
  const by = (chain: Wait, tries: number, jitter?: Jitter | null) => waitFor(chain, { tries } as Details, jitter)
  expect([by(wait, 1), by(wait, 3), by(wait, 1, (ms) => ms + 1), by(wait, 3, (ms) => ms + 1)]).toEqual([7, 50, 8, 50])
  expect([by(curve, 1), by(curve, 2), by(curve, 3, null), curve({ tries: 3 } as Details)]).toEqual([7, 500, 2_000, 2_000])
  undo()
})

test('draws one jitter a wait, however long it looks for its place', () => {
  const jitter = vi.fn((ms: number) => ms)
  waitFor(waitChain(Array(100).fill(1), expo()), { tries: 120 } as Details, jitter)
  expect(jitter).toHaveBeenCalledTimes(1)
})

test('refuses no members, and members that are no waits', () => {
  expect(() => waitChain()).toThrow(new TypeError('waitChain must be given at least one wait'))
  expect(() => waitChain(null as never)).toThrow(TypeError)
  expect(() => waitChain([1, NaN])).toThrow(RangeError)
})
