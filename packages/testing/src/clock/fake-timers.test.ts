import { mock } from 'node:test'
import { clock as coreClock, retry } from '@backon/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { virtualClock } from './clock.ts'
import { flaky } from '../faults/faults.ts'

const hour = () => retry(flaky({ failures: 60 }), { wait: 60_000, jitter: null, maxTries: 61 })

afterEach(() => {
  vi.useRealTimers()
  mock.timers.reset()
})

describe('RT-37 fake timers', () => {
  it('of vitest (sinon, as in jest) drive a whole retry in no real time', async () => {
    vi.useFakeTimers()
    const began = performance.now()
    const running = hour()
    await vi.runAllTimersAsync()
    expect(await running).toBe('ok')
    expect(performance.now() - began).toBe(3_600_000)
  })

  it('of node:test drive a whole retry in no real time', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const running = hour()
    for (let i = 0; i < 60; i++) {
      for (let j = 0; j < 10; j++) await Promise.resolve()
      mock.timers.tick(60_000)
    }
    expect(await running).toBe('ok')
  })

  it.each([
    ['vitest', () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'Date', 'performance', 'queueMicrotask'] })],
    ['node:test', () => mock.timers.enable()],
  ])('of %s do not disturb a virtual clock that runs beside them', async (_, fake) => {
    fake()
    const clock = virtualClock()
    expect(await clock.run(hour)).toBe('ok')
    expect(clock.now()).toBe(3_600_000)
    expect(coreClock()).not.toBe(clock)
  })
})
