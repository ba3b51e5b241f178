import type { Details, Wait } from '../types.ts'
import { marks } from './marks.ts'
import { waitsOf } from './of.ts'

/**
 * Waits the sum of its members: strategies, numbers (ms) or lists. Has run out as soon as one of them has.
 * Not jittered when no member is; otherwise the sum is, as a whole. Throws without a member.
 */
export const waitSum = <T = any>(...waits: (Wait<T> | number | readonly number[])[]): Wait<T> => {
  const members = waitsOf('waitSum', waits)
  return Object.assign((details: Details<T>) => {
    let sum = 0
    for (const member of members) {
      const wait = member(details)
      if (wait === undefined) return undefined
      sum += wait
    }
    // A number above the largest would be Infinity, and NaN once it is spread.
    return sum > Number.MAX_VALUE ? Number.MAX_VALUE : sum
  }, marks(members))
}
