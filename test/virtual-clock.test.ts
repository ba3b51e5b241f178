import { CircuitBreaker } from '@backon/breaker'
import { retry, timeout } from '@backon/core'
import { hedge, latencyPercentile } from '@backon/hedge'
import { flaky, recordRetries, scripted, slow, virtualClock } from '@backon/testing'
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
