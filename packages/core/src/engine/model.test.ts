import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { events, model } from '../../test/model.ts'
import { blockingEntries, blockingPlans, columns, entries, plans, report, PlannedCall } from '../../test/planned-call.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const runs = Number(process.env['RUNS'] ?? 10_000)

afterEach(() => void vi.unstubAllGlobals())

describe(`the engine does what the model says (SEED=${seed} RUNS=${runs})`, () => {
  const ways = [
    ...Object.entries(entries).map(([name, entry]) => ({ name, entry, sync: false })),
    ...Object.entries(blockingEntries).map(([name, entry]) => ({ name, entry, sync: true })),
  ].map((way, nth) => ({ ...way, seed: seed + nth, loop: way.name.startsWith('for') }))
  const numRuns = Math.ceil(runs / ways.length)

  test.each(ways)('$name', async ({ name, entry, sync, loop, seed: own }) => {
    vi.stubGlobal('reportError', () => {})
    let least = ''
    const property = fc.asyncProperty(sync ? blockingPlans : plans, async (scenario) => {
      const expected = columns(model(scenario, { sync, loop, bare: /call|Caller|onException/.test(name) }))
      const actual = columns(await new PlannedCall(scenario, sync, loop).play(entry))
      if (expected.join('\n') === actual.join('\n')) return true
      least = report(scenario, expected, actual)
      return false
    })
    const { failed } = await fc.check(property, { seed: own, numRuns })
    if (failed) expect.fail(`${name} (SEED=${seed} RUNS=${runs})\n${least}`)
  }, 120_000)

  test('the scenarios reach every event, every end, every question and every way out', () => {
    const lines = fc.sample(plans, { seed: 1, numRuns: 5_000 }).flatMap((scenario) => model(scenario))
    const all = lines.join('\n')
    for (const event of [...events, 'onAbort']) expect(all).toContain(` ${event} tries`)
    for (const end of ['success', 'fatal', 'tries', 'time', 'exhausted', 'stop', 'giveup', 'refused', 'abort']) expect(all).toContain(`end: ${end}`)
    for (const question of ['condition', 'predicate', 'giveup', 'stop', 'pluginStop']) expect(all).toContain(`asks ${question}`)
    for (const out of ['resolves with v', 'resolves with end', 'resolves with undefined', 'resolves with instead', 'hangs']) expect(all).toContain(out)
    for (const out of ['A', 'N', 'NR', 'Q', 'R', 'T', 'U', 'reason', 'fault', 'TimeoutError()', 'TimeoutError(A)', 'RangeError NaN', 'RangeError -1']) expect(all).toContain(`rejects with ${out}`)
  })
})
