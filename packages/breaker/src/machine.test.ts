import { expect, test } from 'vitest'
import { admit, type Circuit, close, hold, initial, open, rebase, release, succeed } from './machine.ts'

const due = (circuit: Circuit, now: number): boolean => circuit._state === 'open' && now >= circuit._opened + circuit._recovery

/** Every event that may befall a circuit, at every moment of a short and discrete time. */
const events = (circuit: Circuit, now: number): [string, Circuit | undefined][] => [
  ['admit', admit(circuit, now, 2)],
  ['open', open(circuit, now, 2, 2, 'why')],
  ['hold', hold(circuit, now, 1, 'heard')],
  ['close', close(circuit)],
  ...(circuit._out > 0
    ? ([['ignore', release(circuit)], ['succeed', succeed(release(circuit), 2)], ['fail', open(release(circuit), now, 2, 2, 'why')]] as [string, Circuit][])
    : []),
]

test('holds its invariants on every path of six events, the clock going back now and then', () => {
  let paths = 0
  const walk = (before: Circuit, now: number, depth: number): void => {
    const circuit = rebase(before, now)
    paths++
    if (circuit._opened > now) throw new Error('nothing has opened in the future')
    if (circuit._state === 'open' && before._state === 'open' && circuit._opened + circuit._recovery - now > before._recovery) throw new Error('never open for longer than its recovery time from now')
    if (depth === 6) return
    for (const later of depth === 3 ? [0, 1, 2, -9] : [0, 1, 2]) {
      if (later < 0) {
        walk(circuit, now + later, depth + 1)
        continue
      }
      for (const [event, next] of events(circuit, now + later)) {
        const may = circuit._state === 'half-open' ? circuit._out < 2 : due(circuit, now + later)
        if (event === 'admit' && (next !== undefined) !== may) throw new Error(`admits ${next !== undefined} when ${circuit._state}`)
        if (!next) continue
        const changed = next._state !== circuit._state
        if (changed && next._generation <= circuit._generation) throw new Error('a change of state is a new generation')
        if (next._generation !== circuit._generation && next._out > (event === 'admit' ? 1 : 0)) throw new Error('no probe outlives its generation')
        if (next._out > 2 || next._out < 0 || (next._state !== 'half-open' && next._out > 0)) throw new Error('probes are out only while half-open, two at most')
        if (next._state === 'half-open' && circuit._state === 'open' && !due(circuit, now + later)) throw new Error('open is left only after the recovery time')
        if (next._state === 'closed' && next._openings !== 0) throw new Error('a close forgets the openings')
        if (next._state === 'open' && next._openings < 1) throw new Error('what is open has opened')
        if (event === 'hold' && circuit._state !== 'closed' && next._openings !== circuit._openings) throw new Error('what others have found is no opening of one that is not closed')
        if (event === 'hold' && circuit._state === 'open' && next._opened + next._recovery < circuit._opened + circuit._recovery) throw new Error('the later end wins')
        walk(next, now + later, depth + 1)
      }
    }
  }
  walk(initial, 10, 0)
  expect(paths).toBeGreaterThan(100_000)
})

test('never changes a circuit: each event makes the next one', () => {
  const frozen = Object.freeze(admit(open(initial, 0, 1), 1, 1))!
  expect(release(frozen)._out).toBe(0)
  expect(rebase(frozen, -5)._opened).toBe(-5)
  expect(hold(frozen, 1, 5, 'heard')).toMatchObject({ _state: 'open', _opened: 1, _recovery: 5, _openings: 1 })
  expect(succeed(frozen, 2)).toMatchObject({ _state: 'half-open', _successes: 1 })
  expect(succeed(frozen, 1)).toEqual({ ...initial, _generation: frozen._generation + 1 })
})
