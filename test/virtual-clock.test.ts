import { CircuitBreaker } from '@backon/breaker'
import { retry, retrySync, timeout } from '@backon/core'
import { hedge, hedging, latencyPercentile } from '@backon/hedge'
import { limit, RetryBudget } from '@backon/limit'
import { faultyServer, flaky, recordRetries, scripted, slow, virtualClock } from '@backon/testing'
import { expect, it } from 'vitest'

it('drives the timeout of each attempt', async () => {
  const clock = virtualClock()
  const stalls = scripted(['stall', 'slow 500', '...'])
  await clock.run(() => retry(stalls, { use: [timeout(3_000)], wait: 100, jitter: null }))
  expect([clock.now(), clock.pending]).toEqual([3_600, 0])
})

it('drives the recovery of a breaker on its own', async () => {
  const clock = virtualClock()
  using recording = recordRetries()
  await clock.run(async () => {
    const breaker = new CircuitBreaker({ name: 'db', failureThreshold: 1, recoveryTimeout: 60_000 })
    await breaker.call(flaky()).catch(() => {})
    await clock.advance(59_999)
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 1])
    await expect(breaker.call(flaky())).rejects.toThrow('circuit "db" is open')
    await clock.advance(1)
    expect(await breaker.call(() => 'up')).toBe('up')
    expect(breaker.state).toBe('closed')
  })
  expect(recording.events.map(({ event }) => event)).toEqual(['onCircuitOpen', 'onCircuitReject', 'onCircuitHalfOpen', 'onCircuitClose'])
})

it('drives hedges, and they are recorded', async () => {
  const clock = virtualClock()
  using recording = recordRetries()
  const copies = scripted(['slow 9000', 'slow 50'], 'answer')
  expect(await clock.run(() => hedge(copies, { wait: 200 }))).toBe('answer')
  expect([clock.now(), clock.pending, copies.runs]).toEqual([250, 0, 2])
  expect(recording.events.map(({ at, event, facts }) => [at, event, facts.copy])).toEqual([
    [200, 'onHedge', 2],
    [250, 'onHedgeWin', 2],
  ])
})

it('drives the percentiles that hedges learn from', async () => {
  const clock = virtualClock()
  await clock.run(async () => {
    const wait = latencyPercentile(95, { minimumSamples: 10, fallback: 5_000 })
    for (let i = 0; i < 50; i++) await hedge(slow(100), { wait })
    const began = clock.now()
    await hedge(scripted(['slow 9000', 'slow 1']), { wait })
    expect(clock.now() - began).toBeGreaterThan(95)
    expect(clock.now() - began).toBeLessThan(120)
  })
})

it('F-34 lets a synchronous breaker recover in virtual time', async () => {
  const clock = virtualClock()
  const breaker = new CircuitBreaker({ name: 'db', failureThreshold: 1, recoveryTimeout: 5_000 })
  const operation = flaky({ failures: 2 })
  await clock.run(() => {
    expect(() => breaker.callSync(operation)).toThrow('failure 1 of 2')
    expect(() => breaker.callSync(operation)).toThrow('circuit "db" is open')
    // Each refusal is waited out.
    expect(retrySync(operation, { use: [breaker], wait: 5_000, condition: ({ exception }) => exception !== undefined, maxTries: 9 })).toBe('ok')
  })
  expect([operation.runs, breaker.state, clock.now()]).toEqual([3, 'closed', 10_000])
})

it('drives the rate of a limit and the queue for its slots', async () => {
  const clock = virtualClock()
  const began: number[] = []
  await clock.run(async () => {
    const bucket = limit({ name: 'db', rate: { calls: 2, per: 1_000 }, concurrency: 2, queue: 10 })
    const call = () => retry(() => void began.push(clock.now()), { use: [bucket] })
    await Promise.all([call(), call(), call(), call(), call()])
  })
  expect(began).toEqual([0, 0, 1_000, 1_000, 2_000])
  expect(clock.pending).toBe(0)
})

it('says what waits in the queue of a limit when nothing will ever come of it', async () => {
  const run = virtualClock({ patience: 20 }).run(() => {
    const slots = limit({ name: 'db', concurrency: 1, queue: 10 })
    const hang = () => slots.call(() => new Promise(() => {}))
    return Promise.all([hang(), hang(), hang()])
  })
  await expect(run).rejects.toThrow(/deadlock at 0 ms: .* still waiting: 2 in the queue of limit "db"/)
})

it('F-62 a recording tells what a hedge, a limit and a budget did in one call', async () => {
  using recording = recordRetries()
  const clock = virtualClock()
  await clock.run(async () => {
    const budget = new RetryBudget({ name: 'users', credit: 0, every: Infinity })
    const slots = limit({ name: 'db', concurrency: 1 })
    const load = scripted(['slow 500', 'slow 500 503', '...'])
    expect(await retry(load, { use: [hedging({ wait: 100, maxHedge: 2 }), slots], name: 'load' })).toBe('ok')
    await retry(load, { use: [budget], name: 'load' }).catch(() => {})
  })
  const [hedged, refused] = recording.calls
  expect(hedged).toMatchObject({ end: 'success', tries: 1, refusals: ['limit'] })
  expect(refused).toMatchObject({ end: 'refused', outcome: 'failure', tries: 1, refusals: ['budget'] })
})

it('drives retry, breaker and hedge over a real server', async () => {
  const clock = virtualClock()
  await clock.run(async () => {
    await using server = await faultyServer([{ json: 1, delay: 60_000 }, { json: 2, delay: 100 }, '503', { json: 3 }])
    const ask = async ({ signal }: { signal: AbortSignal }): Promise<unknown> => {
      const response = await fetch(server.url, { signal })
      if (!response.ok) throw new Error(`status ${response.status}`)
      return response.json()
    }
    const options = { use: [new CircuitBreaker({ failureThreshold: 5 }), hedging({ wait: 1_000, maxHedge: 2 })], wait: 10_000, jitter: null }
    expect([await retry(ask, options), clock.now()]).toEqual([2, 1_100])
    expect([await retry(ask, { ...options, use: [] }), clock.now()]).toEqual([3, 11_100])
  })
})
