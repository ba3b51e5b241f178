import { CircuitBreaker } from '@backon/breaker'
import { retry } from '@backon/core'
import { limit, LimitError, RetryBudget, throttle } from '@backon/limit'
import { virtualClock } from '@backon/testing'
import { expect, it } from 'vitest'

const down = new Error('down')
const once = { maxTries: 1, wait: 0 }

it('a limit inside a breaker: what it refuses is no evidence, and no probe is lost to it', async () => {
  const clock = virtualClock()
  await clock.run(async () => {
    const api = limit({ concurrency: 1 })
    const breaker = new CircuitBreaker({ failureThreshold: 2, recoveryTimeout: 1_000 })
    const call = (operation: () => unknown): Promise<unknown> => retry(operation, { ...once, use: [breaker, api] })
    let release = (): void => {}
    void api.call(() => new Promise<void>((resolve) => (release = resolve)))
    for (let i = 0; i < 5; i++) await expect(call(() => 1)).rejects.toThrow(LimitError)
    expect([breaker.state, breaker.failureCount]).toEqual(['closed', 0])
    release()
    await clock.advance(0)
    for (let i = 0; i < 2; i++) await expect(call(() => Promise.reject(down))).rejects.toBe(down)
    await clock.advance(1_000)
    void api.call(() => new Promise<void>((resolve) => (release = resolve)))
    await expect(call(() => 1)).rejects.toThrow(LimitError)
    release()
    await clock.advance(0)
    expect([await call(() => 'probe'), breaker.state]).toEqual(['probe', 'closed'])
  })
})

it('a breaker inside: its refusals cost a budget nothing, count in no throttle, and hold no slot', async () => {
  const clock = virtualClock()
  await clock.run(async () => {
    const [budget, users, api] = [new RetryBudget({ every: Infinity }), throttle(), limit({ concurrency: 1 })]
    const breaker = new CircuitBreaker({ failureThreshold: 1 })
    const call = (): Promise<unknown> => retry(() => Promise.reject(down), { wait: 0, use: [budget, users, api, breaker] })
    await expect(call()).rejects.toThrow('circuit')
    for (let i = 0; i < 20; i++) await expect(call()).rejects.toThrow('circuit')
    expect([budget.balance, users.requests, users.accepts, api.running]).toEqual([3, 1, 0, 0])
  })
})
