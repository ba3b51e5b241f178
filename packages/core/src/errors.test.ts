import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { retryIfExceptionType } from './condition/exception-type.ts'
import { NonRetryableError, TimeoutError, TryAgain } from './errors.ts'
import type { Details } from './types.ts'

class Slow extends TimeoutError {}
const OtherCopy = { TimeoutError: class TimeoutError extends Error { override name = 'TimeoutError' } }.TimeoutError
const boom = (): never => {
  throw new Error('boom')
}
const { proxy: revoked, revoke } = Proxy.revocable({}, {})
revoke()

describe('F-13 instanceof TimeoutError', () => {
  test.each<[string, () => unknown, boolean]>([
    ['one of its own', () => new TimeoutError(), true],
    ['a subclass', () => new Slow(), true],
    ["another copy's", () => new OtherCopy(), true],
    ["the platform's", () => new DOMException('late', 'TimeoutError'), true],
    ["another realm's", () => runInNewContext('Object.assign(new Error(), { name: "TimeoutError" })'), true],
    ['one of its prototype whose name was changed', () => Object.create(TimeoutError.prototype, { name: { value: 'Other' } }), true],
    ['another error', () => new Error('TimeoutError'), false],
    ["the platform's AbortError", () => new DOMException('gone', 'AbortError'), false],
    ['the class itself', () => TimeoutError, false],
    ['its name', () => 'TimeoutError', false],
    ['null', () => null, false],
    ['undefined', () => undefined, false],
    ['a revoked Proxy', () => revoked, false],
    ['a name that throws', () => ({ get name() { return boom() } }), false],
  ])('%s', (_, make, is) => {
    const value = make()
    expect(value instanceof TimeoutError).toBe(is)
    expect(retryIfExceptionType(TimeoutError)({ exception: value } as Details)).toBe(is)
  })

  test('subclasses keep the ordinary test', () => {
    expect([new Slow(), new TimeoutError(), new OtherCopy(), revoked].map((value) => value instanceof Slow)).toEqual([true, false, false, false])
  })

  test('what AbortSignal.timeout aborts with is one', async () => {
    const signal = AbortSignal.timeout(1)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    expect(signal.reason).toBeInstanceOf(TimeoutError)
  })
})

test('F-23 a TimeoutError has a cause only where there is one', () => {
  const cause = new Error('slow')
  for (const error of [new TimeoutError(), new TimeoutError('x'), new TimeoutError('x', {}), new TimeoutError('x', { cause: undefined })]) {
    expect(Object.hasOwn(error, 'cause')).toBe(false)
  }
  expect(new TimeoutError('x', { cause }).cause).toBe(cause)
  expect(Object.hasOwn(new TimeoutError('x', { cause: null }), 'cause')).toBe(true)
})

test('each error has its name, and a message', () => {
  expect([new TryAgain(), new NonRetryableError('x'), new TimeoutError(), new TimeoutError('slow')].map(String)).toEqual([
    'TryAgain', 'NonRetryableError: x', 'TimeoutError: timed out', 'TimeoutError: slow',
  ])
  expect(new NonRetryableError().retryable).toBe(false)
})
