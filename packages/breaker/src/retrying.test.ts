import { type Operation, Retrying, timeout } from '@backon/core'
import { expect, test, vi } from 'vitest'
import { CircuitBreaker } from './breaker.ts'
import { CircuitOpenError } from './error.ts'
import { BreakerRetrying } from './retrying.ts'

const fail = (): never => {
  throw new Error('boom')
}

test('retries through a breaker, and stops when it opens', async () => {
  const retrying = new BreakerRetrying({ wait: 0, maxTries: 9, breaker: { failureThreshold: 3, name: 'users' } })
  const fn = vi.fn(fail)
  await expect(retrying.call(fn)).rejects.toThrow(CircuitOpenError)
  expect([fn.mock.calls.length, retrying.breaker.state, retrying.statistics.attemptNumber]).toEqual([3, 'open', 4])
  expect(() => retrying.callSync(fn)).toThrow('circuit "users" is open')
  await expect(retrying.wrap(fn)()).rejects.toThrow(CircuitOpenError)
  expect(fn).toHaveBeenCalledTimes(3)
})

test('is a Retrying: iterates, reports, can be turned off', async () => {
  const retrying = new BreakerRetrying({ wait: 0 })
  expect(retrying).toBeInstanceOf(Retrying)
  let tries = 0
  for await (const attempt of retrying) await attempt.run(() => (++tries < 3 ? fail() : 'ok'))
  expect([tries, retrying.breaker.failureCount, retrying.callState?.tries]).toEqual([3, 0, 3])
  retrying.breaker.isolate()
  await expect(retrying.call(() => 1)).rejects.toThrow(CircuitOpenError)
  retrying.enabled = false
  expect(await retrying.call(() => 1)).toBe(1)
})

test('shares a breaker that it is given, and with its copies', async () => {
  const breaker = new CircuitBreaker({ failureThreshold: 2 })
  const one = new BreakerRetrying({ breaker, maxTries: 1 })
  const other = one.copy({ maxTries: 5, wait: 0 })
  expect(other).toBeInstanceOf(BreakerRetrying)
  await expect(one.call(fail)).rejects.toThrow('boom')
  await expect(other.call(fail)).rejects.toThrow(CircuitOpenError)
  expect([one.breaker, other.breaker]).toEqual([breaker, breaker])
  const fresh = new BreakerRetrying({ maxTries: 1 })
  expect(fresh.copy().breaker).toBe(fresh.breaker)
  expect(fresh.copy({ breaker }).breaker).toBe(breaker)
})

test('stands outside the plugins of use: a refused attempt sets no timer', async () => {
  const wrap = vi.fn((next) => next)
  const retrying = new BreakerRetrying({ maxTries: 1, use: [{ wrap }, timeout(1_000)] })
  expect(await retrying.call(() => 1)).toBe(1)
  retrying.breaker.isolate()
  const set = vi.spyOn(globalThis, 'setTimeout')
  await expect(retrying.call(() => 1)).rejects.toThrow(CircuitOpenError)
  expect(set).not.toHaveBeenCalled()
  expect(wrap).toHaveBeenCalled()
})

test('F-60 a breaker of another copy is known by its shape', async () => {
  const breaker = new CircuitBreaker({ failureThreshold: 1 })
  const wrap = vi.fn((next: Operation<unknown>) => breaker.wrap(next))
  const other = { state: 'closed', name: 'other', wrap } as unknown as CircuitBreaker
  const retrying = new BreakerRetrying({ breaker: other, maxTries: 1 })
  expect([retrying.breaker, retrying.copy().breaker]).toEqual([other, other])
  await expect(retrying.call(fail)).rejects.toThrow('boom')
  await expect(retrying.copy({ maxTries: 5 }).call(fail)).rejects.toThrow(CircuitOpenError)
  expect(wrap).toHaveBeenCalled()
})

test('F-10 an explicit undefined is absent in a copy, as everywhere', async () => {
  const breaker = new CircuitBreaker()
  const retrying = new BreakerRetrying({ maxTries: 5, wait: 0, breaker })
  const fn = vi.fn(fail)
  await expect(retrying.copy({ maxTries: undefined, wait: undefined, breaker: undefined }).call(fn)).rejects.toThrow('boom')
  expect([fn.mock.calls.length, retrying.copy({ breaker: undefined }).breaker]).toEqual([5, breaker])
})

test('F-11 own and inherited options are read alike', async () => {
  class Settings {
    wait = 0
    get maxTries(): number {
      return 2
    }
    get use(): [{ onAttempt(): void }] {
      return [{ onAttempt: attempted }]
    }
    get breaker(): CircuitBreaker {
      return shared
    }
  }
  const shared = new CircuitBreaker()
  const attempted = vi.fn()
  for (const policy of [new BreakerRetrying(new Settings()), new BreakerRetrying().copy(new Settings())]) {
    const fn = vi.fn(fail)
    await expect(policy.call(fn)).rejects.toThrow('boom')
    expect([fn.mock.calls.length, policy.breaker === shared]).toEqual([2, true])
  }
  expect(attempted).toHaveBeenCalledTimes(4)
})

test('F-32 a copy of one that was turned off is turned off', async () => {
  const retrying = new BreakerRetrying({ wait: 0 })
  retrying.enabled = false
  const fn = vi.fn(fail)
  await expect(retrying.copy().call(fn)).rejects.toThrow('boom')
  expect(fn).toHaveBeenCalledTimes(1)
})

test.each([[5, 'breaker must be a CircuitBreaker or the options of one; got 5'], [{ failureThreshold: 0 }, 'failureThreshold must be']])('refuses a breaker that is none: %j', (breaker, message) => {
  expect(() => new BreakerRetrying({ breaker: breaker as never })).toThrow(message)
})
