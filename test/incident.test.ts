import { CircuitBreaker } from '@backon/breaker'
import { retry, sleep } from '@backon/core'
import { recordRetries, seededRandom, virtualClock } from '@backon/testing'
import { expect, it } from 'vitest'

it('survives an outage of 90 s', () =>
  seededRandom(2024, async () => {
    const clock = virtualClock()
    const breaker = new CircuitBreaker({ name: 'users', failureThreshold: 5, recoveryTimeout: 30_000 })
    let requestsWhileDown = 0

    // It answers within 20 ms, and is down from second 60 to second 150.
    const fetchUser = async (): Promise<string> => {
      await sleep(20)
      if (clock.now() < 60_000 || clock.now() >= 150_000) return 'Ada'
      requestsWhileDown++
      throw new Error('ECONNREFUSED')
    }

    using recording = recordRetries()
    await clock.run(async () => {
      // Ten minutes of a call every second, none of which waits for another.
      const calls = Array.from({ length: 600 }, async (_, second) => {
        await sleep(second * 1_000)
        return retry(fetchUser, { use: [breaker], maxTries: 3, name: 'fetchUser' }).catch(() => 'a cached Ada')
      })
      await Promise.all(calls)
    })

    // The incident report.
    const circuit = recording.events.filter(({ event }) => event !== 'onCircuitReject')
    expect(circuit.map(({ at, facts }) => `${Math.floor(at / 1_000)} s: ${facts.from} → ${facts.to}`)).toEqual([
      '62 s: closed → open',
      '93 s: open → half-open',
      '93 s: half-open → open',
      '124 s: open → half-open',
      '124 s: half-open → open',
      '155 s: open → half-open',
      '155 s: half-open → closed',
    ])
    // In 90 s of outage the service saw 7 requests instead of 270, and nobody waited for a retry that could not help.
    expect(requestsWhileDown).toBe(7)
    const failed = recording.calls.filter(({ outcome }) => outcome === 'failure')
    expect(failed).toHaveLength(95)
    expect(failed.at(-1)!.attempts[0]!.at).toBe(154_000)
    expect(clock.pending).toBe(0)
  }))
