import { clock as coreClock, retry, sleep } from '@backon/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

// As in a browser: no process, and so no AsyncLocalStorage, no node:http, no setImmediate.
beforeEach(() => {
  vi.resetModules()
  vi.stubGlobal('process', undefined)
  vi.stubGlobal('setImmediate', undefined)
})
afterEach(() => vi.unstubAllGlobals())

const load = () => import('./index.ts')

describe('where scopes cannot be kept apart', () => {
  it('runs by a virtual clock all the same, and the whole process with it', async () => {
    const { flaky, virtualClock } = await load()
    const clock = virtualClock()
    const running = clock.run(() => retry(flaky({ failures: 2 }), { wait: 1_000, jitter: null }))
    expect(coreClock()).toBe(clock)
    await running
    expect(clock.now()).toBe(2_000)
    expect(coreClock()).not.toBe(clock)
  })

  it('refuses a second clock at the same time', async () => {
    const { virtualClock } = await load()
    const first = virtualClock().run(() => sleep(10))
    await expect(virtualClock().run(() => 1)).rejects.toThrow('another virtual clock is running, and this runtime cannot keep two apart')
    await first
    expect(await virtualClock().run(() => 2)).toBe(2)
  })

  it('finds a deadlock', async () => {
    const { virtualClock } = await load()
    await expect(virtualClock({ patience: 20 }).run(() => new Promise(() => {}))).rejects.toThrow('deadlock at 0 ms')
  })

  it('switches the whole process while the function runs', async () => {
    const { flaky, limitRetries } = await load()
    const operation = flaky({ failures: 9 })
    const running = limitRetries(1, () => new Promise((resolve) => setTimeout(resolve, 5)))
    await expect(retry(operation, { wait: 0 })).rejects.toThrow('failure 1 of 9')
    await running
    await expect(retry(operation, { wait: 0 })).rejects.toThrow('failure 4 of 9')
  })

  it('simulates the same as in Node', async () => {
    const { simulate } = await load()
    const options = { clients: 20, duration: 2_000, service: { latency: [10, 500] as const, failureRate: 0.3 } }
    const browser = await simulate(options)
    vi.unstubAllGlobals()
    vi.resetModules()
    expect((await load()).simulate).not.toBe(simulate)
    expect(await (await load()).simulate(options)).toEqual(browser)
  })

  it('has no server, and says what to use instead', async () => {
    const { faultyServer } = await load()
    await expect(faultyServer(['ok'])).rejects.toThrow('faultyServer() needs node:http, which this runtime does not have: use scripted() instead')
  })
})
