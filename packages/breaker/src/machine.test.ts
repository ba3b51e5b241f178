import { expect, test } from 'vitest'
import { admit, type Circuit, close, initial, open, release, succeed, type Ticket } from './machine.ts'

/** Every event that may befall a circuit, at every moment of a short and discrete time. */
const events = (circuit: Circuit, now: number): [string, Circuit | undefined][] => [
  ['admit', admit(circuit, now, 2)],
  ['open', open(circuit, now, 2, 'why')],
  ['close', close(circuit)],
  ...circuit._probes.flatMap((probe): [string, Circuit][] => [
    ['ignore', release(circuit, probe)],
    ['succeed', succeed(release(circuit, probe), 2)],
    ['fail', open(release(circuit, probe), now, 2, 'why')],
  ]),
]

test('holds its invariants on every path of six events', () => {
  let paths = 0
  const walk = (circuit: Circuit, now: number, depth: number): void => {
    paths++
    if (depth === 6) return
    for (const later of [0, 1, 2]) {
      for (const [event, next] of events(circuit, now + later)) {
        const may = circuit._state === 'half-open' ? circuit._probes.length < 2 : circuit._state === 'open' && now + later >= circuit._opened + circuit._recovery
        if (event === 'admit' && (next !== undefined) !== may) throw new Error(`admits ${next !== undefined} when ${circuit._state}`)
        if (!next) continue
        const changed = next._state !== circuit._state
        if (changed && next._generation <= circuit._generation) throw new Error('a change of state is a new generation')
        if (next._generation !== circuit._generation && next._probes.some((probe) => circuit._probes.includes(probe))) throw new Error('no ticket outlives its generation')
        if (next._probes.length > 2 || (next._state !== 'half-open' && next._probes.length > 0)) throw new Error('probes are out only while half-open, two at most')
        if (next._state === 'half-open' && circuit._state === 'open' && now + later < circuit._opened + 2) throw new Error('open is left only after the recovery time')
        if (next._state === 'closed' && next._openings !== 0) throw new Error('a close forgets the openings')
        walk(next, now + later, depth + 1)
      }
    }
  }
  walk(initial, 0, 0)
  expect(paths).toBeGreaterThan(100_000)
})

test('never changes a circuit: each event makes the next one', () => {
  const frozen = Object.freeze(admit(open(initial, 0, 1), 1, 1))!
  const [probe] = frozen._probes as [Ticket]
  Object.freeze(frozen._probes)
  expect(release(frozen, probe)._probes).toEqual([])
  expect(succeed(frozen, 2)).toMatchObject({ _state: 'half-open', _successes: 1 })
  expect(succeed(frozen, 1)).toEqual({ ...initial, _generation: frozen._generation + 1 })
})
