// A breaker and a hedge in one stack: they speak by properties of errors alone, and a healthy service is found healthy.
import { CircuitBreaker } from '@backon/breaker'
import { type Attempt, retry, sleep } from '@backon/core'
import { hedge, hedging } from '@backon/hedge'
import { virtualClock } from '@backon/testing'
import { expect, test } from 'vitest'

const fail = (): never => {
  throw new Error('down')
}

test('F-40 a hedge around a half-open breaker: the refused copy decides nothing, the probe closes it', async () => {
  const clock = virtualClock()
  await clock.run(async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 100 })
    await breaker.call(fail).catch(() => {})
    await sleep(100)
    const load = async ({ signal }: Attempt): Promise<string> => {
      await sleep(50, signal)
      return 'ok'
    }
    expect(await retry(load, { use: [hedging({ wait: 10 }), breaker], maxTries: 1 })).toBe('ok')
    expect(breaker.state).toBe('closed')
  })
})

test('F-44 copies that have lost are ignored through breaker.call, with and without a filter', async () => {
  const clock = virtualClock()
  await clock.run(async () => {
    for (const isFailure of [undefined, ({ exception }: { exception?: unknown }) => exception !== undefined]) {
      const breaker = new CircuitBreaker({ failureThreshold: 1, isFailure })
      let runs = 0
      const load = async ({ signal }: Attempt): Promise<string> => {
        await sleep(++runs % 2 ? 1_000 : 5, signal)
        return 'ok'
      }
      for (let i = 0; i < 5; i++) expect(await hedge((attempt) => breaker.call(load, attempt), { wait: 20 })).toBe('ok')
      await sleep(5_000)
      expect([runs, breaker.state, breaker.failureCount]).toEqual([10, 'closed', 0])
    }
  })
})

test('F-43 RT-49 all for one and one for each: whatever refuses inside opens nothing outside', async () => {
  const clock = virtualClock()
  await clock.run(async () => {
    const [all, host] = [new CircuitBreaker({ failureThreshold: 1 }), new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 100 })]
    await host.call(fail).catch(() => {})
    await retry(() => 'never', { use: [all, hedging({ wait: 5 }), host] }).catch(() => {})
    expect([all.state, host.state]).toEqual(['closed', 'open'])
    await sleep(100)
    expect(await retry(() => sleep(30).then(() => 'ok'), { use: [all, hedging({ wait: 5 }), host] })).toBe('ok')
    expect([all.state, host.state]).toEqual(['closed', 'closed'])
  })
})
