import type { Wait } from '../types.ts'
import { finite, waitFor, type WaitLike } from './ask.ts'
import { composite, waitsOf } from './of.ts'

/**
 * Waits the sum of its members: strategies, numbers (ms) or lists. Has run out as soon as one of them has. Each member is jittered, or not, as
 * it would be alone: a number is taken as it stands, a random wait is drawn once. Throws without a member and for what is no wait.
 *
 * @example
 * retry(load, { wait: waitSum(3_000, waitRandom({ max: 2_000 })) }) // 3 to 5 s
 */
export const waitSum = <T = any>(...waits: WaitLike<T>[]): Wait<T> => {
  const members = waitsOf('waitSum', waits)
  return composite(members, members.some(finite), (details, jitter) => {
    let sum = 0
    for (const member of members) {
      const wait = waitFor(member, details, jitter)
      if (wait === undefined) return undefined
      sum += wait
    }
    // A number above the largest would be Infinity, and NaN once it is spread.
    return Math.min(sum, Number.MAX_VALUE)
  })
}
