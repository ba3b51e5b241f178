import type { Details, Wait } from '../types.ts'
import { finite, waitFor, type WaitLike } from './ask.ts'
import { composite, waitsOf } from './of.ts'

/** The record as if a member alone had played `step` steps before. */
const at = (details: Details, step: number): Details => ({ ...details, tries: step + 1 })

/**
 * Plays each member (a strategy, a number of ms for ever, or a list) until it has run out, then the next from its own first step;
 * the end of the last one is the end. An endless member never yields. Each member is jittered, or not, as it would be alone.
 *
 * Nothing is remembered: how many steps a member took is found by asking it again with fewer `tries`. So a member that runs out
 * because of the outcome at hand, as `retryAfter` does when the server asks for too much, counts as having taken no step:
 * the next member answers this time, with its own first steps taken as played, and the first is asked again the next time.
 * `previousWait` is passed on as it is. Throws without a member and for what is no wait.
 *
 * @example
 * retry(load, { wait: waitChain([100, 100], expo()), maxTries: 8 }) // twice 100 ms, then up to 1, 2, 4 … s
 */
export const waitChain = <T = any>(...waits: WaitLike<T>[]): Wait<T> => {
  const members = waitsOf('waitChain', waits)
  return composite(members, members.every(finite), (details, jitter) => {
    let step = details.tries - 1
    for (const member of members) {
      const wait = waitFor(member, at(details, step), jitter)
      if (wait !== undefined) return wait
      let length = 0
      // Bisects for the first step at which it has run out, for which no jitter has to be drawn.
      for (let end = step; length < end; ) {
        const middle = (length + end) >>> 1
        if (waitFor(member, at(details, middle), null) === undefined) end = middle
        else length = middle + 1
      }
      step -= length
    }
    return undefined
  })
}
