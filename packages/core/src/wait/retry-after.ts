import { invalid, nonNegative } from '../check.ts'
import { fullJitter } from '../jitter/full.ts'
import type { Details, Jitter, Wait } from '../types.ts'
import { expo } from './expo.ts'
import { httpDate } from './http-date.ts'
import { waitOf } from './of.ts'

export interface RetryAfterOptions<T = any> {
  /** Waits when the server has not said how long: a strategy, a number (ms) or a list. Default `expo()`. */
  fallback?: Wait<T> | number | readonly number[] | undefined
  /** A server that asks for more, in ms, ends the call at once. Does not bound the fallback. Default 60,000. */
  max?: number | undefined
  /** Spreads the fallback, unless that is a strategy with its own randomness; `null` for none. Default `fullJitter`. */
  jitter?: Jitter | null | undefined
}

/** Finds a header in `error.response`, an error, or a Response: `Headers`, or a plain object with names in any case. */
const headerOf = (source: any, wanted: string): unknown => {
  const headers = source?.response?.headers ?? source?.headers
  if (typeof headers?.get === 'function') return headers.get(wanted)
  for (const name in headers) if (name.toLowerCase() === wanted) return headers[name]
  return undefined
}

/** Reads `Retry-After` (RFC 9110, section 10.2.3) as ms from `now` on: digits or a date. NaN for anything else. */
const parse = (value: unknown, now: number): number => {
  // White space around a field's value is no part of it (RFC 9110, section 5.5). Plain objects may hold a number.
  const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : ''
  if (/^\d+$/.test(text)) return +text * 1_000
  return Math.max(httpDate(text, now) - now, 0)
}

/**
 * Reads what a failure says about when to come back, in ms from now: the `Retry-After` of a Response, of `error.response` or of
 * `error.headers`, in the strict forms of RFC 9110, else, of what was thrown, `error.retryAfter` (a number of ms). `undefined` where it says nothing.
 * A date is compared with the answer's own `Date` header where there is one: the two come from the same clock.
 */
export const retryAfterOf = (source: any, thrown = true): number | undefined => {
  const now = httpDate(String(headerOf(source, 'date')), Date.now()) || Date.now()
  const asked = parse(headerOf(source, 'retry-after'), now)
  if (asked >= 0) return asked
  return thrown && typeof source?.retryAfter === 'number' && source.retryAfter >= 0 ? source.retryAfter : undefined
}

/**
 * Waits as long as the server asked for: the `Retry-After` of a returned or thrown `Response`, of `error.response` or of
 * `error.headers`, else `error.retryAfter` (a number of ms). A date in the past is 0. Longer than `max` ends the call.
 * What is neither digits nor one of the three dates of RFC 9110 does not count: the `fallback` waits instead.
 *
 * The engine does not jitter this strategy, as nobody may come back earlier than the server asked. So that the fallback is
 * spread all the same, it is jittered here, by the `jitter` given here: the one of the call is not known to a strategy.
 * Throws for a `max` that is no number of 0 or more, a fallback that is no wait and a jitter that is no function.
 */
export const retryAfter = <T = any>({
  fallback = expo(),
  max = 60_000,
  jitter = fullJitter,
}: RetryAfterOptions<T> = {}): Wait<T> => {
  nonNegative({ max })
  if (jitter !== null && typeof jitter !== 'function') invalid('jitter', 'a function or null', jitter)
  const otherwise = waitOf(fallback)
  return Object.assign(
    (details: Details<T>) => {
      const thrown = 'exception' in details
      const asked = retryAfterOf(thrown ? details.exception : details.value, thrown)
      if (asked !== undefined) return asked > max ? undefined : asked
      const wait = otherwise(details)
      return wait === undefined || otherwise.exact || !jitter ? wait : jitter(wait)
    },
    { exact: true, timeless: !!otherwise.timeless },
  )
}
