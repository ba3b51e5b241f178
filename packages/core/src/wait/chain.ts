import type { Details, Wait } from '../types.ts'
import { marks } from './marks.ts'
import { waitsOf } from './of.ts'

/** The member's answer as if it alone had played `step` steps before. */
const ask = (member: Wait, details: Details, step: number) => member({ ...details, tries: step + 1 })

/**
 * Plays each member (a strategy, a number of ms for ever, or a list) until it has run out, then the next from its own first step;
 * the end of the last one is the end. An endless member never yields.
 *
 * Nothing is remembered: how many steps a member took is found by asking it again with fewer `tries`. So a member that runs out
 * because of the outcome at hand, as `retryAfter` does when the server asks for too much, counts as having taken no step:
 * the next member answers this time, with its own first steps taken as played, and the first is asked again the next time.
 * `previousWait` is passed on as it is. Not jittered when no member is. Throws without a member.
 */
export const waitChain = <T = any>(...waits: (Wait<T> | number | readonly number[])[]): Wait<T> => {
  const members = waitsOf('waitChain', waits)
  return Object.assign((details: Details<T>) => {
    let step = details.tries - 1
    for (const member of members) {
      const wait = ask(member, details, step)
      if (wait !== undefined) return wait
      let length = 0
      // Bisects for the first step at which it has run out.
      for (let end = step; length < end; ) {
        const middle = (length + end) >>> 1
        if (ask(member, details, middle) === undefined) end = middle
        else length = middle + 1
      }
      step -= length
    }
    return undefined
  }, marks(members))
}
