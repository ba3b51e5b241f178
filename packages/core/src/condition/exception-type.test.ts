import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { Details, ErrorClass } from '../types.ts'
import { isInstance, retryIfExceptionType } from './exception-type.ts'
import { retryIfNotExceptionType } from './not-exception-type.ts'

class HttpError extends Error {}
class NotFound extends HttpError {}
class Other extends Error {}

const thrown = (exception: unknown) => ({ tries: 1, exception }) as Details

test.each([
  ['the class itself', new HttpError(), true],
  ['a subclass', new NotFound(), true],
  ['another class', new Other(), false],
  ['its base class', new Error('x'), false],
  ['an error that only has its name', Object.assign(new Error('x'), { name: 'HttpError' }), false],
])('tells %s', (_, error, retried) => {
  expect(retryIfExceptionType(HttpError)(thrown(error))).toBe(retried)
})

test('takes classes one by one or as a list', () => {
  for (const condition of [retryIfExceptionType(Other, TypeError), retryIfExceptionType([Other, TypeError])]) {
    expect([new Other(), new TypeError(), new HttpError()].map((error) => condition(thrown(error)))).toEqual([true, true, false])
  }
})

test('keeps its own copy of the list', () => {
  const list: ErrorClass[] = [Other]
  const condition = retryIfExceptionType(list)
  list.push(HttpError)
  expect(condition(thrown(new HttpError()))).toBe(false)
})

test('is false for a returned value, an Error too', () => {
  expect(retryIfExceptionType(Error)({ tries: 1, value: new Error('x') } as Details)).toBe(false)
})

describe('RT-07 an Error of another realm', () => {
  const foreign = (code: string) => runInNewContext(code) as unknown

  test.each([
    ['new TypeError()', [TypeError], true],
    ['new TypeError()', [Error], true],
    ['new TypeError()', [RangeError], false],
    ['new TypeError()', [RangeError, Error], true],
    ['class HttpError extends Error {}; new HttpError()', [HttpError], true],
    ['class HttpError extends Error {}; new (class extends HttpError {})()', [HttpError], true],
    ['new (class extends Error {})()', [class extends Error {}], false],
    // A class of the same name that is no Error.
    ['class HttpError {}; new HttpError()', [HttpError], false],
    ['new Map()', [Map], false],
    ['Object.setPrototypeOf(new Error(), null)', [Error], false],
    ['Object.freeze(new Error())', [Error], true],
    ['Object.assign(new TypeError(), { constructor: undefined })', [TypeError], true],
  ])('%s', (code, types, is) => {
    expect(isInstance(foreign(code), types)).toBe(is)
  })
})

test('goes by identity, not by name, for an Error of this realm', () => {
  const Twin = { HttpError: class HttpError extends Error {} }.HttpError
  expect(isInstance(new Twin(), [HttpError])).toBe(false)
})

test.each([undefined, null, 'x', 5, Symbol('x'), {}, Object.create(null), Object.freeze({}), () => 1])('RT-07 %o is no Error, and no TypeError of ours', (odd) => {
  expect(isInstance(odd, [Error, TypeError])).toBe(false)
})

describe('F-24 what throws when it is looked at is of no type, and never throws here', () => {
  const boom = (): never => {
    throw new Error('boom')
  }
  const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
  revoke()
  test.each<[string, () => unknown]>([
    ['a revoked Proxy', () => proxy],
    ['a prototype that throws', () => new Proxy({}, { getPrototypeOf: boom })],
    ['a tag that throws', () => ({ get [Symbol.toStringTag]() { return boom() } })],
    ['a foreign error whose constructor throws', () => Object.defineProperty(runInNewContext('new Error()'), 'constructor', { get: boom })],
    ['a foreign error whose class has a name that throws', () => Object.assign(runInNewContext('new Error()'), { constructor: { get name() { return boom() } } })],
  ])('%s', (_, make) => {
    const hostile = make()
    expect(isInstance(hostile, [HttpError, TypeError])).toBe(false)
    expect(retryIfExceptionType(HttpError)(thrown(hostile))).toBe(false)
    expect(retryIfNotExceptionType(HttpError)(thrown(hostile))).toBe(true)
  })

  test('one class that throws does not hide the next', () => {
    class Odd { static [Symbol.hasInstance] = boom }
    expect(isInstance(new TypeError(), [Odd, TypeError])).toBe(true)
  })
})

test('retryIfNotExceptionType retries every exception but those, and no value', () => {
  for (const condition of [retryIfNotExceptionType(HttpError, TypeError), retryIfNotExceptionType([HttpError, TypeError])]) {
    expect([new HttpError(), new NotFound(), new TypeError(), new Other(), undefined].map((error) => condition(thrown(error)))).toEqual([false, false, false, true, true])
    expect(condition({ tries: 1, value: new Other() } as Details)).toBe(false)
  }
  expect(() => retryIfNotExceptionType()).toThrow('exception must be an error class or several; got undefined')
})

test('is instance of nothing in an empty list', () => {
  expect(isInstance(new Error('x'), [])).toBe(false)
})

test.each([
  [[], 'exception must be an error class or several; got '],
  [[[]], 'exception must be an error class or several; got '],
  [[undefined], 'exception must be an error class or several; got '],
  [['Error'], 'exception must be an error class or several (a class, not its name); got "Error"'],
  [[new Error('x')], 'exception must be an error class or several; got '],
  [[() => true], 'exception must be an error class or several (a function that decides is a condition); got function'],
  [[[Error, 5]], 'exception must be an error class or several; got 5'],
])('refuses %j', (types, message) => {
  expect(() => retryIfExceptionType(...(types as never))).toThrow(message)
})
