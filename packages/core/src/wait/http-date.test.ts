import { describe, expect, test } from 'vitest'
import { httpDate } from './http-date.ts'

const now = Date.UTC(2026, 5, 15, 12)
const at = Date.UTC(1994, 10, 6, 8, 49, 37)

test.each([
  ['Sun, 06 Nov 1994 08:49:37 GMT', at],
  ['Sunday, 06-Nov-94 08:49:37 GMT', at],
  ['Sun Nov  6 08:49:37 1994', at],
  ['Sun Nov 16 08:49:37 1994', Date.UTC(1994, 10, 16, 8, 49, 37)],
  ['Wed, 21 Oct 2026 07:28:00 GMT', Date.UTC(2026, 9, 21, 7, 28)],
  ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
  ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2016, 11, 31, 23, 59, 59)],
  ['Mon, 01 Jan 0001 00:00:00 GMT', NaN],
  // The name of the day is not compared with the date.
  ['Mon, 06 Nov 1994 08:49:37 GMT', at],
])('reads %s', (text, ms) => {
  expect(httpDate(text, now)).toBe(ms)
})

describe('RFC 850 with two digits of a year: not more than 50 years ahead', () => {
  test.each([
    ['Saturday, 01-Jan-00 00:00:00 GMT', Date.UTC(2000, 0, 1)],
    ['Thursday, 15-Jun-26 12:00:01 GMT', Date.UTC(2026, 5, 15, 12, 0, 1)],
    ['Thursday, 15-Jun-75 12:00:00 GMT', Date.UTC(2075, 5, 15, 12)],
    ['Monday, 15-Jun-76 12:00:00 GMT', Date.UTC(2076, 5, 15, 12)],
    ['Tuesday, 15-Jun-76 12:00:01 GMT', Date.UTC(1976, 5, 15, 12, 0, 1)],
    ['Tuesday, 15-Jun-77 12:00:00 GMT', Date.UTC(1977, 5, 15, 12)],
    ['Friday, 31-Dec-99 00:00:00 GMT', Date.UTC(1999, 11, 31)],
  ])('reads %s', (text, ms) => {
    expect(httpDate(text, now)).toBe(ms)
  })

  test('reads a year of the next century when this one ends', () => {
    expect(httpDate('Friday, 01-Jan-00 00:00:05 GMT', Date.UTC(2099, 11, 31, 23, 59, 59))).toBe(Date.UTC(2100, 0, 1, 0, 0, 5))
  })
})

test.each([
  '',
  'Sun, 31 Feb 2026 00:00:00 GMT',
  'Sunday, 31-Feb-26 00:00:00 GMT',
  'Sun Feb 31 00:00:00 2026',
  'Wed, 29 Feb 2023 00:00:00 GMT',
  'Sun, 00 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 24:00:00 GMT',
  'Sun, 06 Nov 1994 08:60:00 GMT',
  'Sun, 06 Nov 1994 08:49:60 GMT',
  'Sun, 06 Nov 1994 8:49:370 GMT',
  'Sun, 06 Nov 1994 08:49:37 UTC',
  'Sun, 06 Nov 1994 08:49:37 +0000',
  'Sun, 06 Nov 1994 08:49:37',
  'Sun, 6 Nov 1994 08:49:37 GMT',
  'Sun,  6 Nov 1994 08:49:37 GMT',
  'Sun, 06 nov 1994 08:49:37 GMT',
  'Sun, 06 Foo 1994 08:49:37 GMT',
  'Abc, 06 Nov 1994 08:49:37 GMT',
  'sun, 06 Nov 1994 08:49:37 GMT',
  '06 Nov 1994 08:49:37 GMT',
  'Sun, 06-Nov-94 08:49:37 GMT',
  'Sunday, 06 Nov 1994 08:49:37 GMT',
  'Sunday, 06-Nov-1994 08:49:37 GMT',
  'on Sunday, 06-Nov-94 08:49:37 GMT',
  'Sunday, 06-Nov-94 08:49:37 GMT or later',
  'on Sun Nov  6 08:49:37 1994',
  'Sun Nov 6 08:49:37 1994',
  'Sun Nov 06 08:49:37 94',
  'Sun Nov  6 08:49:37 1994 GMT',
  '1994-11-06T08:49:37Z',
  'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 08:49:37 GMT\n',
])('does not take %j for a date', (text) => {
  expect(httpDate(text, now)).toBeNaN()
})
