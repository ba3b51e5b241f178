import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { announce, type Level, type Levelled, levels, withdraw } from './levels.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const slot = Symbol.for('@backon/core/levels/1')
afterEach(() => {
  delete (globalThis as any)[slot]
  alive.length = 0
})

const circuit = (name: string, state: string, severity: number): Levelled => ({ level: () => ({ kind: 'circuit', name, state, severity }) })
const alive: Levelled[] = []
/** Announces them, and keeps them alive until the test is over. */
const known = (...all: Levelled[]): Levelled[] => {
  for (const one of all) announce(one)
  alive.push(...all)
  return all
}

describe('levels', () => {
  test('are read when somebody looks, in the order in which they were announced', () => {
    let queued = 0
    known(circuit('db', 'open', 2), { level: () => ({ kind: 'limit', name: 'db', values: { queued }, severity: queued }) })
    queued = 3

    expect(levels()).toEqual([
      { kind: 'circuit', name: 'db', state: 'open', severity: 2 },
      { kind: 'limit', name: 'db', values: { queued: 3 }, severity: 3 },
    ])
  })

  test.for([[[0, 2, 1], 2], [[2, 0, 1], 2], [[0, 1, 2], 2], [[1, 1], 1]] as const)('F-55 of %j of one kind and name the worst is shown', ([severities, worst]) => {
    known(...severities.map((severity) => circuit('db', `of ${severity}`, severity)))

    expect(levels()).toEqual([{ kind: 'circuit', name: 'db', state: `of ${worst}`, severity: worst }])
  })

  test('one that is announced twice is there once, and gone at once when it is withdrawn', () => {
    const level = vi.fn((): Level => ({ kind: 'limit', name: 'a', severity: 0 }))
    const [one] = known({ level })
    announce(one!)

    expect(levels()).toHaveLength(1)
    expect(level).toHaveBeenCalledTimes(1)
    withdraw(one!)
    expect(levels()).toEqual([])
    withdraw(one!)
    announce(one!)
    expect(levels()).toHaveLength(1)
  })

  test('one that throws is left out, the others are shown', () => {
    known({ level: () => { throw new Error() } }, { level: () => undefined as never }, circuit('db', 'open', 2))

    expect(levels().map(({ name }) => name)).toEqual(['db'])
  })

  test('names after the first so many share one other, which shows the worst of them', () => {
    known(circuit('a', 'closed', 0), circuit('b', 'open', 2), circuit('c', 'half-open', 1), circuit('a', 'open', 2), { level: () => ({ kind: 'limit', name: 'b', severity: 0 }) })

    expect(levels(1).map(({ kind, name, state }) => [kind, name, state])).toEqual([
      ['circuit', 'a', 'open'],
      ['circuit', 'other', 'open'],
      ['limit', 'b', undefined],
    ])
  })

  test('what is collected has no level any more', async () => {
    known(circuit('kept', 'closed', 0))
    announce(circuit('gone', 'open', 2))
    expect(levels().map(({ name }) => name)).toEqual(['kept', 'gone'])
    // What was looked at in a turn of the event loop is kept until its end.
    await turn()
    collectGarbage()

    expect(levels().map(({ name }) => name)).toEqual(['kept'])
    expect((globalThis as any)[slot].all.size).toBe(1)
  })

  test('10,000 are known at most: the one announced first goes, and comes back when it says so', () => {
    const all = known(...Array.from({ length: 10_001 }, (_, i) => circuit(`c${i}`, 'closed', 0)))

    const names = (): string[] => levels(Infinity).map(({ name }) => name)
    expect(names()).toHaveLength(10_000)
    expect(names()[0]).toBe('c1')
    announce(all[0]!)
    expect(names()).toHaveLength(10_000)
    expect(names().at(-1)).toBe('c0')
  })

  test('two copies of core show one picture', async () => {
    vi.resetModules()
    const other = await import('./levels.ts')
    expect(other.levels).not.toBe(levels)
    const [one] = known(circuit('db', 'open', 2))

    expect(other.levels()).toEqual(levels())
    other.withdraw(one!)
    expect(levels()).toEqual([])
  })
})
