import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { override } from '../seams/override.ts'
import type { Undo } from '../types.ts'
import { Keyed, type KeyedOptions } from './keyed.ts'

let now: number
let undo: Undo
beforeEach(() => {
  now = 1_000
  undo = override({ clock: { now: () => now, setTimeout, clearTimeout } })
})
afterEach(() => undo())

interface Thing {
  readonly key: string
  busy?: boolean
}

const make = (options: Partial<KeyedOptions<Thing>> = {}): { keyed: Keyed<Thing>; made: string[]; dropped: string[] } => {
  const made: string[] = []
  const dropped: string[] = []
  const keyed = new Keyed<Thing>((key) => (made.push(key), { key }), { max: 3, idleFor: Infinity, holds: ({ busy }) => !!busy, dropped: ({ key }) => void dropped.push(key), ...options })
  return { keyed, made, dropped }
}
const keys = (keyed: Keyed<Thing>): string => [...keyed].map(([key]) => key).join('')

test('makes one value a key, when it is first asked for', () => {
  const { keyed, made } = make()
  const a = keyed.get('a')
  expect([keyed.get('a') === a, keyed.get('b') === a, made, keyed.size]).toEqual([true, false, ['a', 'b'], 2])
})

test('keeps a value that is undefined as it keeps any', () => {
  const make = vi.fn(() => undefined)
  const keyed = new Keyed<undefined>(make, { max: 3, idleFor: Infinity })
  keyed.get('a')
  keyed.get('a')
  expect([make.mock.calls.length, keyed.size, keyed.delete('a'), keyed.delete('a')]).toEqual([1, 1, true, false])
})

describe('too many', () => {
  test.each<[string, string, string, string, string]>([
    ['drops the one not asked for for the longest time', 'abcd', '', 'bcd', 'a'],
    ['asking for one keeps it', 'abcad', '', 'cad', 'b'],
    ['one of use is passed over', 'abcd', 'a', 'cda', 'b'],
    ['so are several, in their order', 'abcd', 'ab', 'dab', 'c'],
    ['only when all are of use does one go: the oldest', 'abcd', 'abc', 'dbc', 'a'],
    ['never the one that is asked for', 'abcd', 'abcd', 'dbc', 'a'],
  ])('%s', (_, asked, busy, kept, gone) => {
    const { keyed, dropped } = make()
    for (const key of asked) Object.assign(keyed.get(key), { busy: busy.includes(key) && key !== asked.at(-1) })
    expect([keys(keyed), dropped.join('')]).toEqual([kept, gone])
  })

  test('F-51 a hundred made-up keys do not push out the one that is of use', () => {
    const { keyed } = make({ max: 10 })
    const useful = Object.assign(keyed.get('useful'), { busy: true })
    for (let i = 0; i < 100; i++) keyed.get(`made up ${i}`)
    expect([keyed.get('useful') === useful, keyed.size]).toEqual([true, 10])
  })

  test('keeps one alone, and any number', () => {
    const { keyed } = make({ max: 1 })
    for (const key of 'aab') keyed.get(key)
    const many = make({ max: Infinity }).keyed
    for (let i = 0; i < 2_000; i++) many.get(`${i}`)
    expect([keys(keyed), many.size]).toEqual(['b', 2_000])
  })
})

describe('idle ones', () => {
  test('go when they were not asked for as long as idleFor, all at once', () => {
    const { keyed, dropped } = make({ idleFor: 100, max: 9 })
    for (const key of 'abc') {
      keyed.get(key)
      now += 30
    }
    now += 40
    keyed.get('d')
    expect([keys(keyed), dropped.join('')]).toEqual(['cd', 'ab'])
    now += 100
    keyed.get('e')
    expect(keys(keyed)).toBe('e')
  })

  test('of use stay, and count as asked for just now', () => {
    const { keyed } = make({ idleFor: 100 })
    const a = Object.assign(keyed.get('a'), { busy: true })
    now += 100
    keyed.get('b')
    a.busy = false
    now += 99
    keyed.get('b')
    expect(keys(keyed)).toBe('ab')
    now += 1
    keyed.get('b')
    expect(keys(keyed)).toBe('b')
  })

  test('the one asked for is not idle, however long ago it was', () => {
    const { keyed, made } = make({ idleFor: 100 })
    keyed.get('a')
    now += 1_000
    keyed.get('a')
    expect(made).toEqual(['a'])
  })

  test('F-53 a clock that goes back keeps nothing for ever', () => {
    now = 3_600_000
    const { keyed } = make({ idleFor: 100, max: 9 })
    keyed.get('a')
    now = 0
    keyed.get('b')
    now = 100
    keyed.get('c')
    expect(keys(keyed)).toBe('c')
  })
})

describe('who is asked may act on it', () => {
  test('deletes all, or asks for another, while it is looked through', () => {
    const { keyed } = make({
      holds: ({ key }) => {
        if (key === 'a') for (const other of 'abcd') keyed.delete(other)
        return false
      },
    })
    for (const key of 'abcd') keyed.get(key)
    expect(keyed.size).toBe(0)
    let once = true
    const other = make({ max: 2, holds: () => (once && ((once = false), other.keyed.get('x')), true) })
    for (const key of 'abc') other.keyed.get(key)
    expect(other.keyed.size).toBeLessThanOrEqual(2)
  })

  test('is told once of each that goes, by whatever door', () => {
    const { keyed, dropped } = make()
    for (const key of 'abcd') keyed.get(key)
    keyed.delete('c')
    keyed.delete('c')
    expect(dropped).toEqual(['a', 'c'])
  })
})

test('a look costs one question for each that is of use, and none where nothing is to go', () => {
  const holds = vi.fn(() => true)
  const { keyed } = make({ max: 100, holds })
  for (let i = 0; i < 100; i++) keyed.get(`${i}`)
  for (let i = 0; i < 100; i++) keyed.get(`${i}`)
  expect(holds).not.toHaveBeenCalled()
  keyed.get('one more')
  expect(holds).toHaveBeenCalledTimes(100)
})

test('agrees, ask by ask, with a list that is sorted by hand', () => {
  let seed = 11
  const draw = (limit: number): number => (seed = (seed * 48_271) % 2_147_483_647) % limit
  const { keyed } = make({ max: 4, idleFor: 50 })
  /** The least recently used first. */
  let model: { thing: Thing; used: number }[] = []
  for (let i = 0; i < 5_000; i++) {
    now += draw(20)
    const key = 'abcdefgh'[draw(8)]!
    const thing = keyed.get(key)
    model = [...model.filter((one) => one.thing !== thing), { thing, used: now }]
    const others = model.slice(0, -1)
    for (const one of others) {
      if (model.length <= 4 && now - one.used < 50) break
      model = model.filter((other) => other !== one)
      if (one.thing.busy) model.push({ thing: one.thing, used: now })
    }
    while (model.length > 4) model.splice(model.findIndex((one) => one.thing !== thing), 1)
    expect(keys(keyed)).toBe(model.map(({ thing }) => thing.key).join(''))
    thing.busy = draw(3) === 0
  }
})
