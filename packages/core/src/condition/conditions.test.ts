import { describe, expect, test, vi } from 'vitest'
import { retry } from '../shells/retry.ts'
import type { Condition, Details } from '../types.ts'
import { retryAll } from './all.ts'
import { retryAlways } from './always.ts'
import { retryAny } from './any.ts'
import { retryIfExceptionCause } from './exception-cause.ts'
import { retryIfExceptionMessage } from './exception-message.ts'
import { retryIfExceptionType } from './exception-type.ts'
import { retryIfException } from './exception.ts'
import { retryNever } from './never.ts'
import { retryIfNotExceptionType } from './not-exception-type.ts'
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

  test('F-24 is false for a revoked Proxy', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(retryIfExceptionMessage('')(thrown(proxy))).toBe(false)
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

  test.each<[string, unknown, boolean]>([
    ['an error of an aggregate', new AggregateError([new Error('a'), new Reset()]), true],
    ['an aggregate of aggregates', new AggregateError([new AggregateError([new Reset()])]), true],
    ['an aggregate as cause', new Error('x', { cause: new AggregateError([new Reset()]) }), true],
    ['the cause of an error of an aggregate', new AggregateError([new Error('a', { cause: new Reset() })]), true],
    ['another', new AggregateError([new Error('a'), undefined, 'b']), false],
    ['errors that are no list', Object.assign(new Error('x'), { errors: { 0: new Reset() } }), false],
  ])('F-30 looks into the errors of aggregates: %s', (_, exception, retried) => {
    expect(retryIfExceptionCause(Reset)(thrown(exception))).toBe(retried)
  })

  test('F-30 ends when aggregates go round in a circle, and after a thousand errors', () => {
    const all = new AggregateError([])
    all.errors.push(all, new Error('x', { cause: all }))
    expect(retryIfExceptionCause(Reset)(thrown(all))).toBe(false)
    const endless = () => Object.defineProperty(new Error('x'), 'cause', { get: endless }) as Error
    expect(retryIfExceptionCause(Reset)(thrown(endless()))).toBe(false)
    const wide = () => Object.defineProperty(new Error('x'), 'errors', { get: () => Array.from({ length: 5_000 }, wide) }) as Error
    expect(retryIfExceptionCause(Reset)(thrown(wide()))).toBe(false)
  })

  test('F-30 asks about the causes alone, about no more than a thousand errors, and about the first thousand of an aggregate', () => {
    const asked: unknown[] = []
    class Asked {
      static [Symbol.hasInstance](error: unknown): boolean {
        asked.push(error)
        return false
      }
    }
    const ask = (exception: unknown): unknown[] => {
      asked.length = 0
      retryIfExceptionCause(Asked as never)(thrown(exception))
      return asked
    }
    expect(ask({ get cause() { throw new Error('boom') } })).toEqual([])
    const endless = () => Object.defineProperty(new Error('x'), 'cause', { get: endless }) as Error
    expect(ask(endless()).map((error) => (error as Error).message)).toEqual(Array.from({ length: 999 }, () => 'x'))
    const errors = Array.from({ length: 1_001 }, () => new Error('x'))
    expect(ask(new AggregateError(errors)).filter((error) => error !== undefined)).toEqual(errors.slice(0, 1_000))
  })

  test('F-24 what throws when it is read has no causes', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const boom = { get cause() { throw new Error('boom') } }
    const hides = new Proxy([], { get: () => { throw new Error('boom') } })
    for (const hostile of [proxy, boom, because(proxy).exception, { errors: [boom, proxy] }, { errors: proxy }, { errors: hides }]) {
      expect(retryIfExceptionCause(Reset)(thrown(hostile))).toBe(false)
    }
    expect(retryIfExceptionCause(Reset)(thrown(new AggregateError([boom, proxy, new Reset()])))).toBe(true)
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
    expect(() => retryIfExceptionCause('Error' as never)).toThrow('exception must be an error class or several (a class, not its name); got "Error"')
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

describe('F-08 a negation speaks of the same outcomes', () => {
  const ofErrors = retryIfExceptionType(TypeError)
  const ofValues = retryIfResult((value) => value === 1)
  const both: Condition = ({ value, exception }) => value === 1 || exception instanceof TypeError
  const [bad, good, one, two] = [thrown(new TypeError()), thrown(new Error('x')), returned(1), returned(2)]

  test.each<[string, Condition, boolean[]]>([
    ['retryIfExceptionType', ofErrors, [false, true, false, false]],
    ['retryIfNotExceptionType', retryIfNotExceptionType(TypeError), [true, false, false, false]],
    ['retryIfException', retryIfException((error) => error instanceof TypeError), [false, true, false, false]],
    ['retryIfExceptionMessage', retryIfExceptionMessage('x'), [true, false, false, false]],
    ['retryIfExceptionCause', retryIfExceptionCause(TypeError), [true, true, false, false]],
    ['retryIfResult', ofValues, [false, false, false, true]],
    ['retryIfNotResult', retryIfNotResult((value) => value === 1), [false, false, true, false]],
    ['its negation', retryNot(ofErrors), [true, false, false, false]],
    ['any of exceptions', retryAny(ofErrors, retryIfExceptionMessage('x')), [false, false, false, false]],
    ['all of exceptions', retryAll(ofErrors, retryIfExceptionMessage('x')), [true, true, false, false]],
    ['any of values', retryAny(ofValues, retryIfNotResult((value) => value === 2)), [false, false, false, true]],
    ['all of values', retryAll(ofValues, retryIfNotResult((value) => value === 1)), [false, false, true, true]],
    ['any of exceptions and values', retryAny(ofErrors, ofValues), [false, true, false, true]],
    ['all of exceptions and values, which is never', retryAll(ofErrors, ofValues), [false, false, false, false]],
    ['all of exceptions and a function', retryAll(ofErrors, yes), [false, true, false, false]],
    ['any of exceptions and a function', retryAny(ofErrors, no), [false, true, true, true]],
    ["a function of one's own, as it stands", both, [false, true, false, true]],
    ['retryAlways', retryAlways(), [false, false, false, false]],
    ['retryNever', retryNever(), [true, true, true, true]],
    ['any of nothing', retryAny(), [true, true, true, true]],
    ['all of nothing', retryAll(), [true, true, true, true]],
  ])('of %s', (_, condition, retried) => {
    expect([bad, good, one, two].map(retryNot(condition))).toEqual(retried)
  })

  test('so a success ends the call', async () => {
    const operation = vi.fn(() => 'ok')
    await retry(operation, { wait: 0, condition: retryNot(retryIfExceptionType(TypeError)) })
    expect(operation).toHaveBeenCalledTimes(1)
  })
})

describe('F-09 a promise is no answer', () => {
  const late = (async () => false) as unknown as () => boolean
  const rejecting = (async () => { throw new Error('boom') }) as unknown as () => boolean
  test.each<[string, Condition, Details, string]>([
    ['retryIfException', retryIfException(late), thrown(1), 'the predicate of retryIfException'],
    ['retryIfResult', retryIfResult(late), returned(1), 'the predicate of retryIfResult'],
    ['retryIfNotResult', retryIfNotResult(late), returned(1), 'the predicate of retryIfNotResult'],
    ['retryAny', retryAny(late), returned(1), 'a condition of retryAny'],
    ['retryAll', retryAll(yes, late), returned(1), 'a condition of retryAll'],
    ['retryNot', retryNot(late), returned(1), 'a condition of retryNot'],
    ['one that rejects', retryNot(rejecting), returned(1), 'a condition of retryNot'],
    ['one that rejects, deeper', retryAny(retryAll(retryNot(retryIfResult(rejecting)))), returned(1), 'the predicate of retryIfResult'],
  ])('%s', async (_, condition, details, name) => {
    expect(() => condition(details)).toThrow(new TypeError(`${name} must answer at once, not with a promise: decide inside the operation`))
    // A rejection that nobody handles would fail the run.
    await new Promise(setImmediate)
  })
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
