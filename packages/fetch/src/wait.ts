import type { Wait } from '@backon/core'
import { waitFor, type WaitLike } from '@backon/core/kit'

/** 250 ms, doubled up to 20 s; spread by full jitter. */
export const growing: Wait = /* @__PURE__ */ Object.assign(({ tries }: { tries: number }) => Math.min(250 * 2 ** (tries - 1), 20_000), { spread: true, timeless: true })

/**
 * Waits as long as a failure asks (`retryAfter`, in ms: of an answer, of a full limit), exactly; else as the fallback does, with the jitter of the call. More than
 * `max` ends the call.
 */
export const asAsked = (fallback: WaitLike, max: number): Wait =>
  Object.assign<Wait, Partial<Wait>>(
    (details, jitter) => {
      const { retryAfter } = Object(details.exception)
      return retryAfter >= 0 ? (retryAfter > max ? undefined : retryAfter) : waitFor(fallback, details, jitter)
    },
    { composite: true, timeless: typeof fallback !== 'function' || !!fallback.timeless },
  )
