import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { override } from '../seams/override.ts'
import type { Details, Jitter, Undo } from '../types.ts'
import { waitFor } from './ask.ts'
import { expo } from './expo.ts'
import { retryAfter, retryAfterOf, type RetryAfterOptions } from './retry-after.ts'
import { runtime } from './runtime.ts'
import { waitSum } from './sum.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 9, 21, 7, 28), toFake: ['Date'] })
})
let undo: Undo | undefined
afterEach(() => {
  vi.useRealTimers()
  undo?.()
})

const fallback = 7_777
const afterException = (exception: unknown, options?: RetryAfterOptions) =>
  retryAfter({ fallback, jitter: null, ...options })({ tries: 1, exception } as Details)
const afterValue = (value: unknown) => retryAfter({ fallback, jitter: null })({ tries: 1, value } as Details)
const response = (header: string) => new Response(null, { status: 503, headers: { 'retry-after': header } })

describe('RT-16 counts only what RFC 9110 allows', () => {
  const giveUp = undefined
  test.each([
    ['0', 0],
    ['2', 2_000],
    ['007', 7_000],
    ['60', 60_000],
    ['61', giveUp],
    ['2000000000', giveUp],
    ['9'.repeat(400), giveUp],
    ['-1', fallback],
    ['+1', fallback],
    ['1.5', fallback],
    ['1e3', fallback],
    ['0x10', fallback],
    ['Infinity', fallback],
    ['NaN', fallback],
    ['', fallback],
    ['abc', fallback],
    ['2s', fallback],
    ['2, 3', fallback],
    ['２', fallback],
    // White space around it is no part of a field's value.
    [' 5 ', 5_000],
    ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['Wednesday, 21-Oct-26 07:28:30 GMT', 30_000],
    ['Wed Oct 21 07:28:30 2026', 30_000],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 0],
    ['Wed, 21 Oct 2026 07:27:59 GMT', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Sun Nov  6 08:49:37 1994', 0],
    ['Thu, 22 Oct 2026 07:28:00 GMT', giveUp],
    ['Sun, 31 Feb 2027 00:00:00 GMT', fallback],
    ['Wed, 21 Oct 2026 07:28:30 GMT, Wed, 21 Oct 2026 07:28:30 GMT', fallback],
    ['2026-10-21T07:28:30Z', fallback],
  ])('%j', (header, wait) => {
    expect(afterException({ headers: { 'Retry-After': header } })).toBe(wait)
    // `Headers` take Latin-1 only.
    if (header !== '２') expect(afterValue(response(header))).toBe(wait)
  })
})

describe('finds the header', () => {
  test.each([
    ['a thrown Response', response('3')],
    ['the response of an error', Object.assign(new Error('x'), { response: response('3') })],
    ['the headers of an error', { headers: new Headers({ 'Retry-After': '3' }) }],
    ['a plain object in any case', { response: { headers: { 'content-type': 'text/plain', 'RETRY-AFTER': '3' } } }],
    ['a Map', { headers: new Map([['retry-after', '3']]) }],
    ['a number', { headers: { 'retry-after': 3 } }],
    ['the headers of an error whose response has none', { response: {}, headers: { 'retry-after': '3' } }],
  ])('in %s', (_, exception) => {
    expect(afterException(exception)).toBe(3_000)
  })

  test('in a returned Response', () => {
    expect(afterValue(response('3'))).toBe(3_000)
  })
})

describe('takes error.retryAfter as ms', () => {
  test.each([
    [0, 0],
    [1_500, 1_500],
    [1.5, 1.5],
    [60_001, undefined],
    [Infinity, undefined],
    [-1, fallback],
    [NaN, fallback],
    ['5', fallback],
    [null, fallback],
  ])('%j', (retryAfter, wait) => {
    expect(afterException(Object.assign(new Error('x'), { retryAfter }))).toBe(wait)
  })

  test('after a header that counts, before one that does not', () => {
    expect(afterException({ retryAfter: 50, headers: { 'retry-after': '1' } })).toBe(1_000)
    expect(afterException({ retryAfter: 50, headers: { 'retry-after': 'soon' } })).toBe(50)
  })

  test('but not that of a returned value, whose unit nobody knows', () => {
    expect(afterValue({ retryAfter: 5 })).toBe(fallback)
  })
})

test.each([undefined, null, 'x', 5, Symbol('x'), {}, [], { headers: null }, { headers: 'retry-after: 5' }, { headers: { 'retry-after': ['1', '2'] } }])(
  'RT-07 falls back after %o',
  (odd) => {
    expect(afterException(odd)).toBe(fallback)
    expect(afterValue(odd)).toBe(fallback)
  },
)

test('gives up only on more than max', () => {
  const asked = { headers: { 'retry-after': '5' } }
  expect([4_999, 5_000, Infinity].map((max) => afterException(asked, { max }))).toEqual([undefined, 5_000, 5_000])
  expect(afterException({ retryAfter: Infinity }, { max: Infinity })).toBe(Infinity)
})

describe('the fallback', () => {
  const none = (tries: number) => ({ tries, exception: new Error('x') }) as Details

  test('is expo by default, spread by fullJitter where the call says nothing about jitter', () => {
    undo = override({ random: () => 0.5 })
    const wait = retryAfter()
    expect([1, 2, 3].map((tries) => waitFor(wait, none(tries)))).toEqual([500, 1_000, 2_000])
    expect([1, 2, 3].map((tries) => wait(none(tries)))).toEqual([1_000, 2_000, 4_000])
  })

  test.each<[string, Jitter | null | undefined, Jitter | null | undefined, number]>([
    ['nothing said', undefined, undefined, 7],
    ['no jitter in the call', undefined, null, 7],
    ['a jitter in the call', undefined, (ms) => ms + 1, 8],
    ['a jitter of its own', (ms) => ms * 2, (ms) => ms + 1, 14],
    ['a jitter of its own, none in the call', (ms) => ms * 2, null, 14],
    ['none of its own', null, (ms) => ms + 1, 7],
  ])('F-07 goes by the jitter of the call, unless it has its own: %s', (_, jitter, ofCall, ms) => {
    undo = override({ random: () => 0.5 })
    expect(waitFor(retryAfter({ fallback: 7, jitter }), none(1), ofCall)).toBe(ms)
  })

  test('F-07 of a fallback that is a composite, the members go by it too', () => {
    const wait = retryAfter({ fallback: waitSum(7, retryAfter({ fallback: expo() })) })
    undo = override({ random: () => 0.5 })
    const by = (jitter?: Jitter | null) => waitFor(wait, none(1), jitter)
    expect([by(), by(null), by((ms) => ms + 1), wait(none(1))]).toEqual([507, 1_007, 1_009, 1_007])
  })

  test('is not bounded by max', () => {
    expect(retryAfter({ fallback: 100_000, jitter: null })(none(1))).toBe(100_000)
  })

  test('is jittered as asked, unlike what the server says', () => {
    const wait = retryAfter({ fallback: 100, jitter: (ms) => ms + 1 })
    expect([wait(none(1)), wait({ tries: 1, exception: { retryAfter: 100 } } as Details)]).toEqual([101, 100])
  })

  test('is not jittered when it is exact', () => {
    expect(retryAfter({ fallback: runtime(() => 100), jitter: () => 1 })(none(1))).toBe(100)
  })

  test('may be a list, and then runs out', () => {
    const wait = retryAfter({ fallback: [10, 20], jitter: (ms) => ms })
    expect([1, 2, 3].map((tries) => wait(none(tries)))).toEqual([10, 20, undefined])
  })
})

test('is a composite without an end of its own, and needs no clock unless its fallback does', () => {
  const marks = { exact: true, composite: true, finite: false }
  expect({ ...retryAfter() }).toEqual({ ...marks, timeless: true })
  expect({ ...retryAfter({ fallback: [1, 2] }) }).toEqual({ ...marks, timeless: true })
  expect({ ...retryAfter({ fallback: runtime(() => 1) }) }).toEqual({ ...marks, timeless: false })
})

describe('F-33 a date is compared with the Date of the same answer', () => {
  const now = 'Wed, 21 Oct 2026 07:28:00 GMT'
  test.each([
    ['a server an hour behind', 'Wed, 21 Oct 2026 06:28:00 GMT', 'Wed, 21 Oct 2026 06:28:30 GMT', 30_000],
    ['a server an hour ahead', 'Wed, 21 Oct 2026 08:28:00 GMT', 'Wed, 21 Oct 2026 08:28:30 GMT', 30_000],
    ['a server years behind', 'Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:40 GMT', 3_000],
    ['a server whose clock is right', now, 'Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['a time that had passed when the server wrote it', 'Wed, 21 Oct 2026 08:28:00 GMT', 'Wed, 21 Oct 2026 08:27:00 GMT', 0],
    ['no Date', null, 'Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['a Date that is none', 'now', 'Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['a Date of another form', '2026-10-21T06:28:00Z', 'Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['an empty Date', '', 'Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['a day that does not exist', 'Sun, 31 Feb 2027 00:00:00 GMT', 'Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['white space around it', '  Wed, 21 Oct 2026 06:28:00 GMT ', 'Wed, 21 Oct 2026 06:28:30 GMT', 30_000],
    ['seconds, which need no clock', 'Wed, 21 Oct 2026 06:28:00 GMT', '30', 30_000],
  ])('%s', (_, date, header, ms) => {
    const headers = { 'retry-after': header, ...(date === null ? {} : { date }) }
    expect(retryAfterOf({ headers })).toBe(ms)
    expect(retryAfterOf(new Response(null, { headers }), false)).toBe(ms)
    expect(retryAfterOf({ response: { headers: { 'Retry-After': header, ...(date === null ? {} : { Date: date }) } } })).toBe(ms)
  })

  test.each([5, [], ['Wed, 21 Oct 2026 06:28:00 GMT'], {}, new Date()])('a Date header of a plain object that is %o does not count', (date) => {
    expect(retryAfterOf({ headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date } })).toBe(30_000)
  })
})

test('an error says so with a number, unless it was returned', () => {
  expect([retryAfterOf({ retryAfter: 5 }), retryAfterOf({ retryAfter: 5 }, false)]).toEqual([5, undefined])
})

describe('F-24 what throws when it is read says nothing', () => {
  const boom = (): never => {
    throw new Error('boom')
  }
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  test.each<[string, unknown]>([
    ['a revoked Proxy', proxy],
    ['a getter of response', { get response() { return boom() } }],
    ['a getter of headers', { get headers() { return boom() } }],
    ['a getter of retryAfter', { get retryAfter() { return boom() } }],
    ['headers that are a revoked Proxy', { headers: proxy }],
    ['headers whose get throws', { headers: { get: boom } }],
    ['headers that cannot be listed', { headers: new Proxy({}, { ownKeys: boom }) }],
    ['a header that throws', { headers: { get 'retry-after'() { return boom() } } }],
  ])('%s', (_, source) => {
    expect(retryAfterOf(source)).toBeUndefined()
    expect(afterException(source)).toBe(fallback)
    expect(afterValue(source)).toBe(fallback)
  })
})

test.each([
  [{ max: -1 }, 'max must be a number of 0 or more; got -1'],
  [{ max: '5' }, 'max must be a number of 0 or more; got '],
  [{ fallback: -1 }, 'fallback must be a number of 0 or more; got -1'],
  [{ fallback: null }, 'fallback must be a strategy, a number of ms or a list of them; got null'],
  [{ fallback: '5' }, 'fallback must be a strategy, a number of ms or a list of them; got "5": did you mean 5?'],
  [{ fallback: [1, '2'] }, 'fallback must be a number of 0 or more; got "2": did you mean 2?'],
  [{ jitter: 5 }, 'jitter must be a function or null; got 5'],
])('refuses %j', (options, message) => {
  expect(() => retryAfter(options as never)).toThrow(message)
})
