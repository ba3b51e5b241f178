import { describe, expect, test } from 'vitest'
import type { Condition, Details } from '../types.ts'
import { retryAll } from './all.ts'
import { retryAlways } from './always.ts'
import { retryAny } from './any.ts'
import { retryIfExceptionCause } from './exception-cause.ts'
import { retryIfExceptionMessage } from './exception-message.ts'
import { retryIfExceptionType } from './exception-type.ts'
import { retryIfException } from './exception.ts'
import { retryNever } from './never.ts'
import { retryIfNotResult } from './not-result.ts'
import { retryNot } from './not.ts'
import { retryIfResult } from './result.ts'

const thrown = (exception: unknown) => ({ tries: 1, exception }) as Details
const returned = (value: unknown) => ({ tries: 1, value }) as Details
const yes: Condition = () => true
const no: Condition = () => false

describe.each<[string, Condition]>([
  ['retryIfException', retryIfException(() => true)],
  ['retryIfExceptionType', retryIfExceptionType(Error)],
  ['retryIfExceptionMessage', retryIfExceptionMessage('')],
  ['retryIfExceptionCause', retryIfExceptionCause(Error)],
])('%s', (_, condition) => {
  test.each([undefined, null, 'x', new Error('x', { cause: new Error('y') })])('is false for the value %o', (value) => {
    expect(condition(returned(value))).toBe(false)
  })
})

describe.each<[string, Condition]>([
  ['retryIfResult', retryIfResult(() => true)],
  ['retryIfNotResult', retryIfNotResult(() => false)],
])('%s', (_, condition) => {
  test.each([undefined, null, 'x', new Error('x')])('is false for the exception %o', (exception) => {
    expect(condition(thrown(exception))).toBe(false)
  })
})

test('retryIfException asks about the exception, RT-07 also when that is undefined', () => {
  const condition = retryIfException((exception) => exception === undefined)
  expect([condition(thrown(undefined)), condition(thrown(null))]).toEqual([true, false])
})

test('retryIfResult retries while the predicate is true, retryIfNotResult until it is', () => {
  const isNull = (value: unknown) => value === null
  expect([null, 0].map((value) => retryIfResult(isNull)(returned(value)))).toEqual([true, false])
  expect([null, 0].map((value) => retryIfNotResult(isNull)(returned(value)))).toEqual([false, true])
})

describe('retryIfExceptionMessage', () => {
  test.each([
    ['rate limit', 'the rate limit is reached', true],
    ['Rate', 'the rate limit is reached', false],
    ['', 'anything', true],
    ['a.c', 'abc', false],
    [/a.c/, 'abc', true],
    [/^rate/, 'the rate', false],
    [/RATE/i, 'the rate', true],
  ])('%o on %j: %s', (pattern, message, retried) => {
    expect(retryIfExceptionMessage(pattern)(thrown(new Error(message)))).toBe(retried)
  })

  test.each([/bad/g, /bad/y, /bad/gy])('never minds or moves the lastIndex of %o', (pattern) => {
    pattern.lastIndex = 2
    const condition = retryIfExceptionMessage(pattern)
    expect([1, 2, 3].map(() => condition(thrown(new Error('bad gateway'))))).toEqual([true, true, true])
    expect(pattern.lastIndex).toBe(2)
  })

  test('runs a frozen RegExp', () => {
    expect(retryIfExceptionMessage(Object.freeze(/bad/g))(thrown(new Error('so bad')))).toBe(true)
  })

  test.each([
    ['bad', 'bad'],
    [undefined, 'undefined'],
    [null, 'null'],
    [503, '503'],
    [Symbol('bad'), 'Symbol(bad)'],
    [{ message: 'bad' }, 'bad'],
    [{ message: 5, toString: () => 'odd' }, 'odd'],
    [['a', 'b'], 'a,b'],
  ])('RT-07 reads %o as %j', (exception, message) => {
    expect(retryIfExceptionMessage(message)(thrown(exception))).toBe(true)
  })

  test.each([
    Object.create(null),
    { toString: () => { throw new Error('no') } },
    { get message() { throw new Error('no') } },
  ])('RT-07 is false for what cannot be read', (exception) => {
    expect(retryIfExceptionMessage('')(thrown(exception))).toBe(false)
    expect(retryIfExceptionMessage(/(?:)/)(thrown(exception))).toBe(false)
  })

  test.each([undefined, null, 5, {}, () => true])('refuses %o', (pattern) => {
    expect(() => retryIfExceptionMessage(pattern as never)).toThrow(/^pattern must be a string or a RegExp; got /)
  })
})

describe('retryIfExceptionCause', () => {
  class Reset extends Error {}
  const because = (cause: unknown) => thrown(new Error('x', { cause }))

  test.each([
    ['the cause', because(new Reset()), true],
    ['the cause of the cause', because(new Error('y', { cause: new Reset() })), true],
    ['a cause under a plain object', because({ cause: new Reset() }), true],
    ['a subclass', because(new (class extends Reset {})()), true],
    ['another cause', because(new TypeError()), false],
    ['the exception itself', thrown(new Reset()), false],
    ['no cause', thrown(new Error('x')), false],
    ['a cause that is no object', because('reset'), false],
    ['no error at all', thrown('reset'), false],
    ['null', thrown(null), false],
    ['undefined', thrown(undefined), false],
  ])('tells %s', (_, details, retried) => {
    expect(retryIfExceptionCause(Reset)(details)).toBe(retried)
  })

  test('ends when causes go round in a circle', () => {
    const a = new Error('a') as Error & { cause: unknown }
    const b = new Error('b', { cause: a })
    a.cause = b
    expect(retryIfExceptionCause(Reset)(thrown(a))).toBe(false)
    a.cause = a
    expect(retryIfExceptionCause([Reset])(thrown(b))).toBe(false)
  })

  test('refuses an empty list and what is no class', () => {
    expect(() => retryIfExceptionCause()).toThrow(TypeError)
    expect(() => retryIfExceptionCause([])).toThrow(TypeError)
    expect(() => retryIfExceptionCause('Error' as never)).toThrow('exception must be an error class or several; got ')
  })
})

test.each([
  [[], false, false],
  [[no], false, false],
  [[yes], true, true],
  [[no, yes], true, false],
  [[no, no], false, false],
  [[yes, yes], true, true],
])('of %j retryAny says %s and retryAll %s', (conditions, any, all) => {
  expect([retryAny(...conditions)(returned(1)), retryAll(...conditions)(returned(1))]).toEqual([any, all])
})

test('retryAlways and retryNever do not look', () => {
  for (const details of [returned(1), thrown(1)]) expect([retryAlways()(details), retryNever()(details)]).toEqual([true, false])
})

test('retryNot turns a condition round, for values too', () => {
  const condition = retryNot(retryIfExceptionType(TypeError))
  expect([thrown(new TypeError()), thrown(new Error('x')), returned(1)].map(condition)).toEqual([false, true, true])
})

test('composes to "every exception but these"', () => {
  const condition = retryAll(retryIfException(() => true), retryNot(retryIfExceptionType(TypeError)))
  expect([thrown(new TypeError()), thrown(new Error('x')), returned(1)].map(condition)).toEqual([false, true, false])
})

test.each([retryAny, retryAll, retryNot])('%o refuses what is no function', (condition) => {
  expect(() => condition(5 as never)).toThrow('condition must be a function; got 5')
  expect(() => condition(null as never)).toThrow(TypeError)
})

test.each([retryIfException, retryIfResult, retryIfNotResult])('%o refuses what is no function', (condition) => {
  expect(() => condition(Error.prototype as never)).toThrow('predicate must be a function; got ')
  expect(() => condition(undefined as never)).toThrow(TypeError)
})
