import { describe, expect, test } from 'vitest'
import { atLeastZero, check, invalid, nonNegative } from './check.ts'
import { expo } from './wait/expo.ts'

const messageOf = (fails: () => unknown): string => {
  try {
    fails()
  } catch (error) {
    return (error as Error).message
  }
  return 'did not throw'
}

describe('F-31 says what came, in a few words', () => {
  class Policy {}
  test.each<[unknown, string]>([
    [-1, '-1'],
    [NaN, 'NaN'],
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'true'],
    [5n, '5'],
    [Symbol('s'), 'Symbol(s)'],
    ['soon', '"soon"'],
    ['', '""'],
    ['a\nb"c', String.raw`"a\nb\"c"`],
    ['x'.repeat(5_000_000), `"${'x'.repeat(40)}"`],
    [{ secret: 1 }, 'object Object'],
    [Object.create(null), 'object Object'],
    [new Policy(), 'object Policy'],
    [new AbortController(), 'object AbortController'],
    [Array(1_000).fill('x'), 'object Array'],
    [Promise.resolve(), 'object Promise'],
  ])('%#', (value, shown) => {
    expect(messageOf(() => invalid('x', 'something else', value))).toBe(`x must be something else; got ${shown}`)
  })
})

describe('F-31 names the likely slip', () => {
  test('of a factory that was not called, and never shows its source', () => {
    expect(messageOf(() => atLeastZero('wait', expo))).toBe('wait must be a number of 0 or more; got function expo: did you mean expo()?')
    expect(messageOf(() => check('object', { use: expo }))).toBe('use must be an object; got function expo: did you mean expo()?')
  })

  test('of a number in quotes', () => {
    expect(messageOf(() => nonNegative({ factor: '5' }))).toBe('factor must be a number of 0 or more; got "5": did you mean 5?')
    expect(messageOf(() => nonNegative({ factor: '5s' }))).toBe('factor must be a number of 0 or more; got "5s"')
  })

  test('but not of a function without a name', () => {
    expect(messageOf(() => atLeastZero('wait', (() => () => 1)()))).toBe('wait must be a number of 0 or more; got function ')
  })
})

test.each([
  ['object', 5, 'x must be an object; got 5'],
  ['string', 5, 'x must be a string; got 5'],
  ['function', {}, 'x must be a function; got object Object'],
  ['boolean', 'yes', 'x must be a boolean; got "yes"'],
])('F-31 asks for %s with the right article', (type, value, message) => {
  expect(messageOf(() => check(type, { x: value }))).toBe(message)
})

test('a number out of range is a RangeError, anything else a TypeError', () => {
  expect(() => invalid('x', 'y', 5)).toThrow(RangeError)
  expect(() => invalid('x', 'y', '5')).toThrow(TypeError)
})
