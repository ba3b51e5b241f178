import { invalid, nonNegative } from '../check.ts'
import { optionsOf } from '../seams/given.ts'
import type { Jitter, Wait } from '../types.ts'
import { waitFor, type WaitLike } from './ask.ts'
import { expo } from './expo.ts'
import { httpDate } from './http-date.ts'
import { composite, waitOf } from './of.ts'

/** Options of `retryAfter`. */
export interface RetryAfterOptions<T = any> {
  /** Waits when the server has not said how long: a strategy, a number (ms) or a list. Default `expo()`. */
  fallback?: WaitLike<T> | undefined
  /** A server that asks for more, in ms, ends the call at once. Does not bound the fallback. Default 60,000. */
  max?: number | undefined
  /** Spreads the fallback, unless that is `exact`; `null` for none. Default: the `jitter` of the call. */
  jitter?: Jitter | null | undefined
}

/** Finds a header in `error.response`, an error, or a Response: `Headers`, or a plain object with names in any case. */
const headerOf = (source: any, wanted: string): unknown => {
  const headers = source?.response?.headers ?? source?.headers
  if (typeof headers?.get === 'function') return headers.get(wanted)
  for (const name in headers) if (name.toLowerCase() === wanted) return headers[name]
  return undefined
}

/** A header's text. White space around it is no part of it (RFC 9110, section 5.5). Plain objects may hold a number. */
const textOf = (source: any, wanted: string): string => {
  const value = headerOf(source, wanted)
  return typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : ''
}

/** Reads `Retry-After` (RFC 9110, section 10.2.3) as ms from now: digits or a date. NaN for anything else. */
const asked = (source: any): number => {
  const text = textOf(source, 'retry-after')
  if (/^\d+$/.test(text)) return +text * 1_000
  const now = Date.now()
  // The clock of the server, which wrote both dates, where it tells the time at all.
  const then = httpDate(textOf(source, 'date'), now) || now
  return Math.max(httpDate(text, then) - then, 0)
}

/**
 * Reads what a failure says about when to come back, in ms from now: the `Retry-After` of a Response, of `error.response` or of
 * `error.headers`, in the strict forms of RFC 9110, else, of what was thrown, `error.retryAfter` (a number of ms). `undefined` where it says nothing.
 * A date is compared with the answer's own `Date` header where there is one: the two come from the same clock. What throws when it is read
 * says nothing.
 */
export const retryAfterOf = (source: any, thrown = true): number | undefined => {
  try {
    const header = asked(source)
    const ms = header >= 0 || !thrown ? header : source?.retryAfter
    return typeof ms === 'number' && ms >= 0 ? ms : undefined
  } catch {
    return undefined
  }
}

/**
 * Waits as long as the server asked for: the `Retry-After` of a returned or thrown `Response`, of `error.response` or of
 * `error.headers`, else `error.retryAfter` (a number of ms). A date in the past is 0. Longer than `max` ends the call.
 * What is neither digits nor one of the three dates of RFC 9110 does not count: the `fallback` waits instead.
 *
 * What the server asked for is never jittered, as nobody may come back earlier; the fallback is, or not, as it would be alone.
 * Throws for a `max` that is no number of 0 or more, a fallback that is no wait and a jitter that is no function.
 *
 * @example
 * retry(load, { wait: retryAfter({ fallback: expo({ factor: 100 }), max: 30_000 }) })
 */
export const retryAfter = <T = any>(options: RetryAfterOptions<T> = {}): Wait<T> => {
  const { fallback = expo(), max = 60_000, jitter } = optionsOf('retryAfter', options, ['fallback', 'max', 'jitter'])
  nonNegative({ max })
  if (jitter != null && typeof jitter !== 'function') invalid('jitter', 'a function or null', jitter)
  const otherwise = waitOf('fallback', fallback)
  return composite([otherwise], false, (details, ofCall) => {
    const thrown = 'exception' in details
    const ms = retryAfterOf(thrown ? details.exception : details.value, thrown)
    if (ms === undefined) return waitFor(otherwise, details, jitter === undefined ? ofCall : jitter)
    return ms > max ? undefined : ms
  })
}
