import { httpDate, retryAfterOf } from '@backon/core/kit'

const number = (text: string | null | undefined): number => (/^\d+(?:\.\d+)?$/.test(text?.trim() ?? '') ? +text! : NaN)

/** Above this, a reset is the time of day in seconds since 1970, not how long it takes (as GitHub and others send it). */
const epoch = 1e9

/** `"policy";r=0;t=30, …` (draft-ietf-httpapi-ratelimit-headers): seconds until the quota is there again that has run out, else of the first. */
const rateLimit = (header: string | null, limited: boolean): number => {
  const items = (header ?? '').split(',').map((item) => ({ left: number(/;\s*r=(\d+)/.exec(item)?.[1]), reset: number(/;\s*t=(\d+)/.exec(item)?.[1]) }))
  const empty = items.filter(({ left }) => left === 0).map(({ reset }) => reset)
  return empty[0] === undefined ? (limited ? items[0]!.reset : NaN) : Math.max(...empty)
}

/**
 * How long a server asks to wait, in ms: `Retry-After`, then `retry-after-ms`, then, of a 429 or where nothing remains, `RateLimit-Reset` and `RateLimit`.
 * `undefined` where it has not said.
 */
export const hintOf = (response: Response): number | undefined => {
  const { headers, status } = response
  const asked = retryAfterOf(response, false) ?? number(headers.get('retry-after-ms'))
  if (asked >= 0) return asked
  const limited = status === 429
  const seconds = limited || number(headers.get('ratelimit-remaining')) === 0 ? number(headers.get('ratelimit-reset')) : NaN
  if (seconds > epoch) return Math.max(0, seconds * 1_000 - (httpDate(String(headers.get('date')), Date.now()) || Date.now()))
  const wait = (seconds >= 0 ? seconds : rateLimit(headers.get('ratelimit'), limited)) * 1_000
  return wait >= 0 ? wait : undefined
}
