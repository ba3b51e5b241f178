import { invalid, nonNegative } from '../check.ts'
import { fullJitter } from '../jitter.ts'
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

/** Finds the header in `error.response`, an error, or a Response: `Headers`, or a plain object with names in any case. */
const header = (source: any): unknown => {
  const headers = source?.response?.headers ?? source?.headers
  if (typeof headers?.get === 'function') return headers.get('retry-after')
  for (const name in headers) if (name.toLowerCase() === 'retry-after') return headers[name]
  return undefined
}

/** Reads `Retry-After` (RFC 9110, section 10.2.3) as ms from now: digits or a date. NaN for anything else. */
const parse = (value: unknown): number => {
  // White space around a field's value is no part of it (RFC 9110, section 5.5). Plain objects may hold a number.
  const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : ''
  if (/^\d+$/.test(text)) return +text * 1_000
  const now = Date.now()
  return Math.max(httpDate(text, now) - now, 0)
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
      const failed = 'exception' in details
      const source: any = failed ? details.exception : details.value
      let asked = parse(header(source))
      if (!(asked >= 0) && failed && typeof source?.retryAfter === 'number') asked = source.retryAfter
      if (asked >= 0) return asked > max ? undefined : asked
      const wait = otherwise(details)
      return wait === undefined || otherwise.exact || !jitter ? wait : jitter(wait)
    },
    { exact: true, timeless: !!otherwise.timeless },
  )
}
