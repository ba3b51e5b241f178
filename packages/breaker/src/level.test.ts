import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { override, type Undo } from '@backon/core'
import { type Level, levels } from '@backon/core/kit'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CircuitBreaker } from './breaker.ts'

let now: number
let undo: Undo
beforeEach(() => {
  now = 1_000
  undo = override({ clock: { now: () => now, setTimeout, clearTimeout } })
})
afterEach(() => undo())

const shown = (name: string): Level | undefined => levels().find((level) => level.kind === 'circuit' && level.name === name)
const fail = (): never => {
  throw new Error('down')
}
const attempted = (breaker: CircuitBreaker, fn: () => unknown = fail): void => {
  try {
    breaker.callSync(fn)
  } catch {}
}

test('is there from the start, and says what is so when somebody looks', () => {
  const breaker = new CircuitBreaker({ name: 'level', failureThreshold: 2, recoveryTimeout: 100, successThreshold: 2 })
  expect(shown('level')).toEqual({ kind: 'circuit', name: 'level', state: 'closed', severity: 0, values: { failures: 0 } })
  attempted(breaker)
  expect(shown('level')).toMatchObject({ state: 'closed', values: { failures: 1 } })
  attempted(breaker)
  expect(shown('level')).toMatchObject({ state: 'open', severity: 2, values: { failures: 2 } })
  now += 100
  breaker.callSync(() => {})
  expect(shown('level')).toMatchObject({ state: 'half-open', severity: 1 })
  breaker.isolate()
  expect(shown('level')).toMatchObject({ state: 'isolated', severity: 3 })
  breaker.reset()
  expect(shown('level')).toMatchObject({ state: 'closed', severity: 0 })
})

test('is right inside the handler that changes it back', () => {
  const seen: (string | undefined)[] = []
  const breaker: CircuitBreaker = new CircuitBreaker({
    name: 'handler',
    failureThreshold: 1,
    onCircuitOpen: () => {
      seen.push(shown('handler')?.state)
      breaker.reset()
    },
  })
  attempted(breaker)
  expect([seen, shown('handler')?.state]).toEqual([['open'], 'closed'])
})

test('of what was restored is right from the start', () => {
  const [open, isolated] = [new CircuitBreaker({ failureThreshold: 1 }), new CircuitBreaker()]
  attempted(open)
  isolated.isolate()
  const restored = [open, isolated].map((one, i) => new CircuitBreaker({ name: `restored ${i}`, state: JSON.parse(JSON.stringify(one)) }))
  expect(restored.map(({ name }) => shown(name)?.state)).toEqual(['open', 'isolated'])
})

test('of several of one name the worst is shown', () => {
  const [first, second] = [new CircuitBreaker({ name: 'same' }), new CircuitBreaker({ name: 'same' })]
  second.isolate()
  expect([shown('same')?.state, first.state]).toEqual(['isolated', 'closed'])
})

test('to announce 10,000 breakers looks at none of those before', () => {
  const looks = vi.spyOn(WeakRef.prototype, 'deref')
  const breakers = Array.from({ length: 10_000 }, () => new CircuitBreaker())
  expect([breakers.length, looks.mock.calls.length <= 10_000]).toEqual([10_000, true])
  looks.mockRestore()
})

test('a breaker that nobody keeps disappears', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  void new CircuitBreaker({ name: 'forgotten' })
  await new Promise((resolve) => setTimeout(resolve))
  collect()
  expect(shown('forgotten')).toBeUndefined()
})
