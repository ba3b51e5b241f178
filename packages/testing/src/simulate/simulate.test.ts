import { constant, random, sleep } from '@backon/core'
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.ts'

describe('simulate', () => {
  it('lets each client call once', async () => {
    const { seconds, total } = await simulate({ clients: 100, duration: 0, arrival: 'once', service: { latency: 200 } })
    expect(total).toEqual({ calls: 100, requests: 100, successes: 100, failures: 0, unfinished: 0, ended: 200, latency: { p50: 200, p95: 200, p99: 200, max: 200 } })
    expect(seconds).toEqual([{ second: 0, calls: 100, requests: 100, successes: 100, failures: 0, latency: total.latency }])
  })

  it('lets clients call again after a pause', async () => {
    const { total } = await simulate({ clients: 10, duration: 10_000, arrival: { pause: 900 }, service: { latency: 100 } })
    expect(Math.abs(total.calls - 100)).toBeLessThan(12)
  })

  it('lets calls arrive at a rate, whatever the service does', async () => {
    const { seconds, total } = await simulate({ clients: 10, duration: 60_000, arrival: { rate: 200 }, service: { latency: [0, 50] } })
    expect(Math.abs(total.calls - 12_000)).toBeLessThan(400)
    for (const { calls } of seconds.slice(0, 60)) expect(Math.abs(calls - 200)).toBeLessThan(70)
  })

  it('retries by the policy, jitter included', async () => {
    const { total } = await simulate({ clients: 1_000, duration: 0, arrival: 'once', service: { latency: 0, failureRate: 0.5 }, policy: { wait: constant(1_000), maxTries: 3 } })
    expect(Math.abs(total.requests - 1_750)).toBeLessThan(80)
    expect(Math.abs(total.failures - 125)).toBeLessThan(40)
    expect(total.latency.max).toBeGreaterThan(1_500)
    expect(total.latency.max).toBeLessThan(2_000)
  })

  it('gives the same for the same seed, and something else for another', async () => {
    const run = (seed?: number) => simulate({ clients: 50, duration: 5_000, service: { latency: [10, 500], failureRate: 0.3 }, ...(seed && { seed }) })
    const one = await run()
    expect(await run()).toEqual(one)
    expect(await run(2)).not.toEqual(one)
  })

  it('asks the policy once a client', async () => {
    const asked: number[] = []
    const policy = (client: number) => (asked.push(client), { maxTries: client + 1, wait: 0 })
    const { total } = await simulate({ clients: 3, duration: 0, arrival: 'once', service: { failureRate: 1 }, policy })
    expect([asked, total.requests]).toEqual([[0, 1, 2], 6])
  })

  it('runs a service of your own on its clock, apart from another simulation', async () => {
    const run = (ms: number) =>
      simulate({ clients: 5, duration: 0, arrival: 'once', policy: { maxTries: 1 }, service: async (_, client) => {
        await sleep(ms * client)
        for (let i = 0; i < 100; i++) await Promise.resolve()
        if (random() >= 1) throw new Error('no random number')
        if (client === 4) throw new Error('no')
      } })
    const [a, b] = await Promise.all([run(10), run(1_000)])
    expect([a.total.ended, b.total.ended, a.total.failures]).toEqual([40, 4_000, 1])
  })

  it('counts what is still under way in the end', async () => {
    const { total } = await simulate({ clients: 7, duration: 0, drain: 5_000, arrival: 'once', service: { failureRate: 1 }, policy: { maxTries: Infinity, wait: 100 } })
    expect(total).toMatchObject({ calls: 7, unfinished: 7, failures: 0 })
  })

  it.each([
    [{ clients: 0 }, 'clients must be an integer of 1 or more; got 0'],
    [{ duration: -1 }, 'duration must be a number of 0 or more; got -1'],
    [{ arrival: { rate: 0 } }, 'arrival.rate must be a number above 0; got 0'],
    [{ arrival: { pause: -1 } }, 'arrival.pause must be a number of 0 or more; got -1'],
    [{ service: { failureRate: 2 } }, 'failureRate must be a number from 0 to 1; got 2'],
    [{ service: { capacity: 0 } }, 'capacity must be a number of 1 or more; got 0'],
    [{ service: { outage: { from: 5, to: 1 } } }, 'outage.to must be a number of 5 (outage.from) or more; got 1'],
  ])('refuses %o', async (options, message) => {
    await expect(simulate({ clients: 1, duration: 1, service: {}, ...options })).rejects.toThrow(message)
  })
})

describe('a modelled service', () => {
  it('refuses at once while it is down, and fails what it was working on', async () => {
    const { seconds } = await simulate({ clients: 100, duration: 10_000, arrival: { rate: 100 }, policy: { maxTries: 1 }, service: { latency: 100, outage: { from: 2_000, to: 5_000 } } })
    expect(seconds.map(({ failures }) => failures > 0)).toEqual([false, false, true, true, true, false, false, false, false, false, ...(seconds[10] ? [false] : [])])
    expect(seconds[3]).toMatchObject({ successes: 0, latency: { max: 0 } })
    expect(seconds[2]!.latency.max).toBeCloseTo(100)
  })

  it('works on so many at once, the others queue, and what is too much is refused', async () => {
    const run = (queue?: number) =>
      simulate({ clients: 10, duration: 0, arrival: 'once', policy: { maxTries: 1 }, service: { latency: 100, capacity: 2, ...(queue !== undefined && { queue }) } })
    expect((await run()).total).toMatchObject({ successes: 10, ended: 500, latency: { p50: 300, max: 500 } })
    expect((await run(4)).total).toMatchObject({ successes: 6, failures: 4, ended: 300 })
    expect((await run(0)).total).toMatchObject({ successes: 2, failures: 8 })
  })

  it('keeps its queue in order, however long it is', async () => {
    const began: number[] = []
    const { total } = await simulate({
      clients: 5_000, duration: 0, arrival: 'once', drain: Infinity, service: { latency: 10, capacity: 3 },
      policy: (client) => ({ maxTries: 1, onSuccess: () => void began.push(client) }),
    })
    expect(total).toMatchObject({ successes: 5_000, ended: 16_670 })
    expect(began).toEqual(Array.from({ length: 5_000 }, (_, client) => client))
  })

  it('goes on with what nobody waits for any more', async () => {
    const { total } = await simulate({
      clients: 20, duration: 0, arrival: 'once', service: { latency: 100, capacity: 1 }, policy: { maxTime: 250 },
    })
    expect(total).toMatchObject({ successes: 2, failures: 18, requests: 20 })
  })

  it('can fail more as time goes by', async () => {
    const { seconds } = await simulate({ clients: 1, duration: 4_000, arrival: { rate: 500 }, policy: { maxTries: 1 }, service: { latency: 0, failureRate: (now) => now / 4_000 } })
    const shares = seconds.slice(0, 4).map(({ failures, calls }) => failures / calls)
    for (const [second, share] of shares.entries()) expect(Math.abs(share - (second + 0.5) / 4)).toBeLessThan(0.08)
  })
})
