// RT-49: layers in every order, around a service in every mood, with callers who leave: what has to hold of all of them, by name.
// RUNS=100000 plays more of them, SEED=123 that one alone, and both so many from that one on.
import { beforeAll, describe, expect, test } from 'vitest'
import { invariants } from './compositions/invariants.ts'
import { bare, inShort, once, type Plan, planOf } from './compositions/plan.ts'
import { play } from './compositions/play.ts'

const { RUNS, SEED } = process.env
const runs = Number(RUNS ?? (SEED ? 1 : 5_000))
/** Ways to play the same run in which all has to happen at the same moments. */
const alike: Record<string, (plan: Plan) => Plan | undefined> = {
  'metrics, tracing and abortLeftovers change nothing': bare,
  'the same plugin in two places of a call acts once': once,
}
const first = Number(SEED ?? 1)

describe('RT-49 compositions of layers', () => {
  const found = new Map<string, string[]>([...Object.keys(invariants), ...Object.keys(alike)].map((name) => [name, []]))

  beforeAll(async () => {
    for (let seed = first; seed < first + runs; seed++) {
      const plan = planOf(seed)
      const played = await play(plan)
      for (const [name, check] of Object.entries(invariants)) for await (const wrong of check(played)) found.get(name)!.push(`${inShort(plan)}\n    ${wrong}`)
      for (const [name, change] of Object.entries(alike)) {
        const other = change(plan)
        if (!other) continue
        const [one, two] = [played.trace, (await play(other)).trace]
        if (one.join() !== two.join()) found.get(name)!.push(`${inShort(plan)}\n    ${one.join('\n    ')}\n  and\n    ${two.join('\n    ')}`)
      }
    }
  }, 600_000)

  test.each([...found.keys()])('%s', (name) => {
    const all = found.get(name)!
    expect(`${all.length} times\n${all.slice(0, 5).join('\n')}`).toBe('0 times\n')
  })
})
