import { type Details, override } from '@backon/core'
import { waitFor } from '@backon/core/kit'
import { buildPolicy } from './policy.ts'
import type { Settings } from './settings.ts'

/** One wait, as it is when every draw is the lowest, in the middle, and the highest. In ms. */
export interface Step {
  readonly tries: number
  readonly least: number
  readonly middle: number
  readonly most: number
}

/** All draws the same: the ends and the middle of a band. */
const play = (policy: Settings, draw: number): number[] => {
  const undo = override({ random: () => draw })
  try {
    const { wait, jitter } = buildPolicy(policy)
    const waits: number[] = []
    for (let tries = 1, previousWait = 0; tries < (policy.maxTries as number); tries++) {
      const next = waitFor(wait, { tries, previousWait, exception: undefined } as Details, jitter)
      if (next === undefined) break
      previousWait = next
      waits.push(next)
    }
    return waits
  } finally {
    undo()
  }
}

/** The waits of a call that never succeeds, if attempts took no time. A `maxTime` cuts it as it would cut the call in the middle of the band. */
export function schedule(policy: Settings): Step[] {
  const [least, middle, most] = [play(policy, 0), play(policy, 0.5), play(policy, 1 - 2 ** -53)] as const
  const maxTime = Number.isNaN(policy.maxTime) ? Infinity : (policy.maxTime as number)
  const steps: Step[] = []
  for (let i = 0, passed = 0; i < middle.length; i++) {
    passed += middle[i]!
    if (passed >= maxTime) break
    steps.push({ tries: i + 1, least: least[i]!, middle: middle[i]!, most: most[i]! })
  }
  return steps
}
