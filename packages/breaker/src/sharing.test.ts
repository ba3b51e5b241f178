import { override, type Plugin, retry, type Undo } from '@backon/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CircuitBreaker } from './breaker.ts'
import { CircuitOpenError } from './error.ts'
import type { CircuitEvent } from './hooks.ts'
import type { CircuitBreakerOptions } from './options.ts'
import { holdCircuit, probeTimeoutOf, watchCircuit } from './sharing.ts'

let now: number
let undo: Undo
beforeEach(() => {
  now = 1_000
  undo = override({ clock: { now: () => now, setTimeout, clearTimeout } })
})
afterEach(() => undo())

const fail = (): never => {
  throw new Error('down')
}
const ok = (): string => 'ok'
const attempted = (breaker: CircuitBreaker, fn: () => unknown = ok): unknown => {
  try {
    return breaker.callSync(fn)
  } catch (error) {
    return error
  }
}
const make = (options: CircuitBreakerOptions = {}): CircuitBreaker => new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 100, name: 'shared', ...options })

describe('holdCircuit', () => {
  test('opens a closed one for so long, with the cause; then a probe goes, as ever', () => {
    const breaker = make()
    const why = new Error('heard')
    holdCircuit(breaker, 500, why)
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 500])
    expect(attempted(breaker)).toMatchObject({ cause: why, retryAfter: 500 })
    now += 500
    expect([attempted(breaker), breaker.state]).toEqual(['ok', 'closed'])
  })

  test('the later end wins', () => {
    const breaker = make()
    attempted(breaker, fail)
    holdCircuit(breaker, 50)
    expect(breaker.retryAfter).toBe(100)
    holdCircuit(breaker, 700)
    expect(breaker.retryAfter).toBe(700)
    breaker.isolate()
    holdCircuit(breaker, 900)
    expect(breaker.retryAfter).toBe(Infinity)
  })

  test('takes the probes of a half-open one back: their outcome is stale', async () => {
    const breaker = make()
    attempted(breaker, fail)
    now += 100
    let finish!: () => void
    const probe = breaker.call(() => new Promise<void>((resolve) => (finish = resolve)))
    holdCircuit(breaker, 300)
    finish()
    await probe
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 300])
  })

  test('takes them back also when the clock has gone back meanwhile', () => {
    const breaker = make()
    attempted(breaker, fail)
    now += 100
    void breaker.call(() => new Promise(() => {}))
    now -= 5_000
    holdCircuit(breaker, 50)
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 50])
  })

  test('is no opening of its own: a growing recovery time does not grow by it', () => {
    const breaker = make({ recoveryTimeout: ({ tries }) => tries * 100 })
    attempted(breaker, fail)
    holdCircuit(breaker, 400)
    holdCircuit(breaker, 500)
    now += 500
    attempted(breaker, fail)
    expect(breaker.retryAfter).toBe(200)
  })

  test('is bounded, and survives a restart', () => {
    const breaker = make()
    holdCircuit(breaker, Infinity)
    expect(breaker.retryAfter).toBe(3_600_000)
    expect(make({ state: breaker.toJSON() }).retryAfter).toBeCloseTo(3_600_000, -2)
  })

  test.each([NaN, -1, '5'])('refuses %s', (ms) => {
    expect(() => holdCircuit(make(), ms as never)).toThrow(/^ms must be a number of 0 or more; got /)
  })
})

describe('watchCircuit', () => {
  test('tells of every change at once, whoever brings it about, until it is undone', () => {
    const told: string[] = []
    const tell = ({ from, to }: CircuitEvent): void => void told.push(`${from} ${to}`)
    const hooks = { onCircuitOpen: tell, onCircuitHalfOpen: tell, onCircuitClose: tell, onCircuitReject: tell }
    const breaker = make()
    const stop = watchCircuit(breaker, hooks)
    attempted(breaker, fail)
    attempted(breaker)
    now += 100
    attempted(breaker)
    breaker.isolate()
    breaker.reset()
    holdCircuit(breaker, 5)
    expect(told).toEqual(['closed open', 'open open', 'open half-open', 'half-open closed', 'closed open', 'open closed', 'closed open'])
    stop()
    stop()
    breaker.reset()
    expect(told.length).toBe(7)
  })

  test('tells twice who was given twice, and undoes each alone', () => {
    const watcher = { count: 0, onCircuitOpen() { watcher.count++ } }
    const breaker = make()
    const [first] = [watchCircuit(breaker, watcher), watchCircuit(breaker, watcher)]
    breaker.isolate()
    expect(watcher.count).toBe(2)
    first!()
    breaker.reset()
    breaker.isolate()
    expect(watcher.count).toBe(3)
  })

  test('only watches: what it throws is reported', () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    const breaker = make()
    watchCircuit(breaker, { onCircuitOpen: fail })
    attempted(breaker, fail)
    expect([breaker.state, report.mock.calls.length]).toEqual(['open', 1])
    report.mockRestore()
  })
})

test('probeTimeoutOf says how long a lease has to be', () => {
  const breaker = make({ recoveryTimeout: 90_000 })
  expect(probeTimeoutOf(breaker)).toBe(90_000)
  attempted(breaker, fail)
  expect([probeTimeoutOf(breaker), probeTimeoutOf(make()), probeTimeoutOf(make({ probeTimeout: 5 }))]).toEqual([90_000, 60_000, 5])
})

test.each([{}, null, Object.create({ state: 'open' })])('a breaker of another copy is refused: %j', (other) => {
  for (const use of [() => holdCircuit(other, 5), () => watchCircuit(other, {}), () => probeTimeoutOf(other)])
    expect(use).toThrow('breaker must be a CircuitBreaker of this copy of @backon/breaker; got ')
})

describe('two processes by a store of three lines, as the README shows it', () => {
  /** What all processes see: until when, and who may probe. */
  class Store {
    until = 0
    lease = 0
    grants = 0
    async take(ms: number): Promise<number> {
      await Promise.resolve()
      if (this.until > now) return this.until - now
      if (this.lease > now) return this.lease - now
      this.lease = now + ms
      this.grants++
      return 0
    }
  }

  const share = (breaker: CircuitBreaker, store: Store, peers: CircuitBreaker[]): Plugin => {
    let listening = true
    const others = (act: (peer: CircuitBreaker) => void): void => {
      if (!listening) return
      listening = false
      for (const peer of peers) if (peer !== breaker) act(peer)
      listening = true
    }
    watchCircuit(breaker, {
      onCircuitOpen: ({ retryAfter }) => others((peer) => ((store.until = now + retryAfter), holdCircuit(peer, retryAfter))),
      onCircuitClose: () => others((peer) => ((store.lease = store.until = 0), peer.reset())),
    })
    let asking: Promise<unknown> | undefined
    const ask = async (): Promise<void> => {
      const wait = await store.take(probeTimeoutOf(breaker))
      listening = false
      if (wait > 0) holdCircuit(breaker, wait)
      listening = true
      asking = undefined
    }
    return {
      timeless: breaker.timeless,
      wrap: (next) => {
        const inner = breaker.wrap(next)
        return (attempt): any => (breaker.state !== 'closed' && breaker.retryAfter === 0 ? (asking ??= ask()).then(() => inner(attempt)) : inner(attempt))
      },
    }
  }

  test('an opening is heard, one probe goes over both, its success closes both', async () => {
    const store = new Store()
    const breakers = [make(), make()]
    const [a, b] = breakers.map((breaker) => share(breaker, store, breakers)) as [Plugin, Plugin]
    await retry(fail, { use: [a], maxTries: 1 }).catch(() => {})
    expect(breakers.map(({ state }) => state)).toEqual(['open', 'open'])
    now += 100
    const requests = vi.fn(async () => 'ok')
    const calls = [a, a, a, b, b, b].map((plugin) => retry(requests, { use: [plugin], maxTries: 1 }))
    const outcomes = await Promise.allSettled(calls)
    expect([requests.mock.calls.length, store.grants]).toEqual([1, 1])
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(CircuitOpenError)
    expect(breakers.map(({ state }) => state)).toEqual(['closed', 'closed'])
  })

  test('a healthy circuit asks nobody', async () => {
    const store = new Store()
    const take = vi.spyOn(store, 'take')
    const breaker = make()
    const plugin = share(breaker, store, [breaker])
    for (let i = 0; i < 5; i++) await retry(ok, { use: [plugin] })
    expect(take).not.toHaveBeenCalled()
  })
})
