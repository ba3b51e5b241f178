import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Process, settle, World } from '../test/processes.ts'

/** What is done to three processes, one store and one service. */
type Act =
  | { kind: 'call'; process: number; ends: 'ok' | 'down' | 'later' }
  | { kind: 'answer'; with: 'ok' | 'down' }
  | { kind: 'pass'; ms: number }
  | { kind: 'store'; does: 'up' | 'down' | 'frozen' | 'forgets' }

const process = fc.nat(2)
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('call' as const), process, ends: fc.constantFrom('ok', 'down', 'down', 'later') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer' as const), with: fc.constantFrom('ok', 'down') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 60, 300, 1_000, 3_000, 60_000) }) },
)
const storeAct: fc.Arbitrary<Act> = fc.record({ kind: fc.constant('store' as const), does: fc.constantFrom('up', 'down', 'frozen', 'forgets') })

interface Running {
  readonly process: Process
  readonly isProbe: boolean
  readonly began: number
  readonly finish: (how: 'ok' | 'down') => void
}

/** Runs the acts; gives the greatest number of probes that were out at once, each within its lease, by distinct processes. */
const play = async (acts: readonly Act[]): Promise<{ most: number; slowest: number; healed: boolean; pending: number; together: number }> => {
  const world = new World()
  const lease = 60_000
  try {
    // Their clocks are as they like; one starts open by what it has kept.
    const processes = [0, 7e8, -3e11].map((skew, i) => world.process({ failureThreshold: 1 + (i % 2), recoveryTimeout: 1_000 * (i + 1) }, { refresh: 200, lease }, skew))
    const running = new Set<Running>()
    let most = 0
    let slowest = 0
    let together = 0
    const requests = new Map<Process, number>()
    for (const one of processes) requests.set(one, 0)
    const ended: Promise<unknown>[] = []

    const call = async (one: Process, ends: 'ok' | 'down' | 'later'): Promise<void> => {
      const began = world.time
      const operation = (): Promise<string> => {
        slowest = Math.max(slowest, world.time - began)
        world.skew = one.skew
        const isProbe = one.breaker.state === 'half-open'
        return new Promise((resolve, reject) => {
          const entry: Running = { process: one, isProbe, began: world.time, finish: (how) => (running.delete(entry), how === 'ok' ? resolve('ok') : reject(new Error('down'))) }
          running.add(entry)
          const probes = [...running].filter((other) => other.isProbe && world.time - other.began < lease)
          most = Math.max(most, new Set(probes.map((probe) => probe.process)).size)
          if (ends !== 'later') entry.finish(ends)
        })
      }
      ended.push(one.call(operation))
      await settle()
      together = Math.max(together, world.store.waiting.length)
    }

    for (const one of acts) {
      if (one.kind === 'call') await call(processes[one.process]!, one.ends)
      if (one.kind === 'pass') await world.pass(one.ms)
      if (one.kind === 'store') {
        if (one.does === 'forgets') world.store.keys.clear()
        else if (one.does === 'frozen') world.store.state = 'frozen'
        else world.store.thaw(one.does)
        await settle()
      }
      const [first] = running
      if (one.kind === 'answer' && first) {
        world.skew = first.process.skew
        first.finish(one.with)
        await settle()
      }
    }
    // The service is well again, and nobody hangs any more: whatever has happened, all are closed soon.
    await world.pass(100)
    for (const { process, finish } of running) {
      world.skew = process.skew
      finish('ok')
      await settle()
    }
    for (let i = 0; i < 4; i++) {
      await world.pass(lease + 3_000)
      for (const one of processes) {
        await call(one, 'ok')
        await world.pass(100)
      }
    }
    await Promise.all(ended)
    return { most, slowest, healed: processes.every(({ state }) => state === 'closed'), pending: world.timers.size, together }
  } finally {
    world.undo()
  }
}

test('lease and fence: with a store that answers there is at most one probe over all processes, whatever their clocks say', async () => {
  let probes = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 60 }), async (acts) => {
      const { most, slowest, healed, pending } = await play(acts)
      probes += most
      expect({ most: Math.min(most, 1), slowest, healed, pending }).toEqual({ most, slowest: 0, healed: true, pending: 0 })
    }),
    { seed: 51, numRuns: 300 },
  )
  expect(probes).toBeGreaterThan(100)
})

test('RT-51 with a store that fails, freezes and forgets: no call waits for longer than `timeout`, none is lost, nothing stays open, and one request a process is out', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof({ weight: 5, arbitrary: act }, { weight: 1, arbitrary: storeAct }), { minLength: 5, maxLength: 60 }), async (acts) => {
      const { slowest, healed, pending, together } = await play(acts)
      expect({ healed, pending }).toEqual({ healed: true, pending: 0 })
      expect(slowest).toBeLessThanOrEqual(50)
      expect(together).toBeLessThanOrEqual(3)
    }),
    { seed: 51, numRuns: 300 },
  )
})
