import { override, type Undo } from '@backon/core'
import { levels } from '@backon/core/kit'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CircuitBreakers } from './breakers.ts'

let now: number
let undo: Undo
beforeEach(() => {
  now = 0
  undo = override({ clock: { now: () => now, setTimeout, clearTimeout } })
})
afterEach(() => undo())

const keys = (breakers: CircuitBreakers): string[] => [...breakers].map(([key]) => key)
const fail = (): never => {
  throw new Error('boom')
}

test('keeps one breaker a key, named after it', () => {
  const breakers = new CircuitBreakers({ failureThreshold: 1 })
  const a = breakers.get('a')
  expect(breakers.get('a')).toBe(a)
  expect(breakers.get('b')).not.toBe(a)
  expect(() => a.callSync(fail)).toThrow('boom')
  expect([a.name, a.state, breakers.get('b').state, breakers.size]).toEqual(['a', 'open', 'closed', 2])
})

test('takes options of each key', () => {
  const breakers = new CircuitBreakers((key) => ({ name: `host ${key}`, failureThreshold: key === 'a' ? 1 : 2 }))
  for (const key of ['a', 'b']) expect(() => breakers.get(key).callSync(fail)).toThrow('boom')
  expect([...breakers].map(([, { name, state }]) => [name, state])).toEqual([['host a', 'open'], ['host b', 'closed']])
})

test('asks a function for the options of keys that were asked for, and of no other', () => {
  const of = vi.fn(() => ({}))
  const breakers = new CircuitBreakers(of)
  expect(of).not.toHaveBeenCalled()
  breakers.get('a')
  breakers.get('a')
  expect(of.mock.calls).toEqual([['a']])
})

test('drops the least recently used beyond max', () => {
  const breakers = new CircuitBreakers({}, { max: 2 })
  for (const key of ['a', 'b', 'a', 'c']) breakers.get(key)
  expect(keys(breakers)).toEqual(['a', 'c'])
})

test('drops who was not asked for as long as idleFor, unless it refuses calls', () => {
  const breakers = new CircuitBreakers({ failureThreshold: 1, recoveryTimeout: 150 }, { idleFor: 100 })
  breakers.get('a')
  expect(() => breakers.get('open').callSync(fail)).toThrow('boom')
  now = 60
  breakers.get('b')
  now = 100
  breakers.get('c')
  expect(keys(breakers)).toEqual(['b', 'c', 'open'])
  now = 200
  breakers.get('d')
  expect(keys(breakers)).toEqual(['d'])
})

test('F-51 made-up keys do not push out the one that refuses calls', () => {
  const breakers = new CircuitBreakers({ failureThreshold: 1 }, { max: 10 })
  const down = breakers.get('down')
  expect(() => down.callSync(fail)).toThrow('boom')
  for (let i = 0; i < 100; i++) breakers.get(`made up ${i}`)
  expect([breakers.get('down') === down, breakers.size]).toEqual([true, 10])
})

test('F-51 when all refuse calls, the one not asked for for the longest time goes', () => {
  const breakers = new CircuitBreakers({ failureThreshold: 1 }, { max: 3 })
  for (const key of ['a', 'b', 'c', 'd']) {
    now++
    expect(() => breakers.get(key).callSync(fail)).toThrow('boom')
  }
  expect(keys(breakers).sort()).toEqual(['b', 'c', 'd'])
})

test('has levels for the breakers it keeps, and for no other', () => {
  const shown = (): string[] => levels().filter(({ kind, name }) => kind === 'circuit' && name.startsWith('of ')).map(({ name }) => name)
  const breakers = new CircuitBreakers((key) => ({ name: `of ${key}` }), { max: 2 })
  const kept = ['a', 'b', 'c'].map((key) => breakers.get(key))
  expect(shown()).toEqual(['of b', 'of c'])
  breakers.delete('b')
  expect(shown()).toEqual(['of c'])
  expect(kept.map(({ name }) => name)).toEqual(['of a', 'of b', 'of c'])
})

test('the breaker by which it checks its options has no level', () => {
  const before = levels().length
  void new CircuitBreakers({ failureThreshold: 9 })
  expect(levels().length).toBe(before)
})

test('forgets a key on demand', () => {
  const breakers = new CircuitBreakers()
  const a = breakers.get('a')
  expect([breakers.delete('a'), breakers.delete('a'), breakers.get('a') === a]).toEqual([true, false, false])
})

test.each<[() => unknown, string]>([
  [() => new CircuitBreakers({ failureThreshold: -1 }), 'failureThreshold must be an integer of 1 or more, or Infinity; got -1'],
  [() => new CircuitBreakers({}, { max: 0 }), 'max must be an integer of 1 or more, or Infinity; got 0'],
  [() => new CircuitBreakers({}, { idleFor: NaN }), 'idleFor must be a number above 0; got NaN'],
])('refuses unusable options at once: %s', (make, message) => {
  expect(make).toThrow(message)
})
