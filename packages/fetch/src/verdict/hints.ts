import { httpDate, retryAfterOf } from '@backon/core/kit'

/** A number in a text; NaN where it has no such form. */
const number = (text: any, form = /^(\d+(?:\.\d+)?)$/): number => Number(form.exec(text)?.[1])

/** Above this, a reset is the time of day in seconds since 1970, not how long it takes (as GitHub and others send it). */
const epoch = 1e9

/**
 * How long a server asks to wait, in ms: `Retry-After`, then `retry-after-ms`, then, of a 429 or where nothing remains, `RateLimit-Reset` and `RateLimit`
 * (`"policy";r=0;t=30, …`, draft-ietf-httpapi-ratelimit-headers: of the quotas that have run out the last to come back, else the first). `undefined` where it has not said.
 */
export const hintOf = (response: Response): number | undefined => {
  // A mock may have none.
  const { headers, status }: { headers?: Headers; status: number } = response
  const read = (name: string): number => number(headers?.get(name))
  const asked = retryAfterOf(response, false) ?? read('retry-after-ms')
  if (asked >= 0) return asked
  const limited = status === 429
  let seconds = limited || read('ratelimit-remaining') === 0 ? read('ratelimit-reset') : NaN
  if (seconds > epoch) seconds -= (httpDate(headers?.get('date') ?? '', 0) || Date.now()) / 1_000
  else if (!(seconds >= 0)) {
    const quotas = (headers?.get('ratelimit') ?? '').split(',')
    const empty = quotas.filter((quota) => number(quota, /;\s*r=(\d+)/) === 0)
    seconds = Math.max(...(empty[0] || !limited ? empty : [quotas[0]]).map((quota) => number(quota, /;\s*t=(\d+)/)))
  }
  return seconds > -Infinity ? Math.max(0, seconds) * 1_000 : undefined
}
