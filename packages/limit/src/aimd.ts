import { invalid, optionsOf } from '@backon/core/kit'
import { aboveZero, within } from './bounds.ts'
import { type Answer, overloadByStatus } from './overload.ts'
import { read } from './read.ts'
import type { Slots } from './queue.ts'

/** How a number of slots learns. Every part is optional. */
export interface AimdOptions {
  /** How many slots there are at first: from `min` to `max`. Default 10. */
  initial?: number | undefined
  /** It never goes below: a number of 1 or more. Default 1. */
  min?: number | undefined
  /** It never goes above. Default 200. */
  max?: number | undefined
  /** What is left of it after an overload: above 0, below 1. Default 0.9. */
  backoff?: number | undefined
  /** Whether an outcome says "too much". Default: the status 429 or 503 of a value or an error, and a TimeoutError. */
  isOverload?: ((answer: Answer) => boolean) | undefined
}

const isTooMuch = (answer: Answer): boolean => overloadByStatus(answer) ?? read(answer.exception, 'name') === 'TimeoutError'

/**
 * Learns how many calls may run at once, for `limit({ concurrency: aimd() })`: additive increase, multiplicative decrease, as TCP does (Chiu and Jain,
 * 1989). One more slot after as many successes as there are slots, but only while all are taken; `backoff` of them after an overload or a
 * timeout, once for all calls that were under way then. Other errors change nothing. Throws for an unusable option.
 *
 * @example
 * const api = limit({ concurrency: aimd({ initial: 10, max: 100 }), queue: 50, maxWait: 1_000 })
 */
export const aimd = (options: AimdOptions = {}): (() => Slots) => {
  const { initial = 10, min = 1, max = 200, backoff = 0.9, isOverload = isTooMuch } = optionsOf('aimd', options, ['initial', 'min', 'max', 'backoff', 'isOverload'])
  within('min', 'a number of 1 or more', min, 1)
  within('max', `a number of ${min} or more`, max, min)
  within('initial', `a number from ${min} to ${max}`, initial, min, max)
  within('backoff', 'a number above 0 and below 1', backoff, aboveZero, 1 - Number.EPSILON / 2)
  if (typeof isOverload !== 'function') invalid('isOverload', 'a function', isOverload)
  return () => {
    let size = initial
    /** How often it has shrunk: who began before the last time has told what is known already. */
    let generation = 0
    return {
      get size() {
        return Math.floor(size)
      },
      begin: () => generation,
      end(answer, full, began) {
        if (isOverload(answer)) {
          if (began === generation) {
            generation++
            size = Math.max(min, size * backoff)
          }
        } else if (full && 'value' in answer) size = Math.min(max, size + 1 / size)
      },
    }
  }
}
