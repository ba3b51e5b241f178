import { override, type Undo } from '@backon/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
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

test('forgets a key on demand', () => {
  const breakers = new CircuitBreakers()
  const a = breakers.get('a')
  expect([breakers.delete('a'), breakers.delete('a'), breakers.get('a') === a]).toEqual([true, false, false])
})

test.each<[() => unknown, string]>([
  [() => new CircuitBreakers({ failureThreshold: -1 }), 'failureThreshold must be an integer of 1 or more; got -1'],
  [() => new CircuitBreakers({}, { max: 0 }), 'max must be a number above 0; got 0'],
  [() => new CircuitBreakers({}, { idleFor: NaN }), 'idleFor must be a number above 0; got NaN'],
])('refuses unusable options at once: %s', (make, message) => {
  expect(make).toThrow(message)
})
