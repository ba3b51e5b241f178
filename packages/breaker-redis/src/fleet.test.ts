import { describe, expect, test } from 'vitest'
import { kinds } from '../test/clients.ts'
import { startFleet, startService, type Worker } from '../test/fleet.ts'
import { redisProgram, startRedis } from '../test/redis-server.ts'

const program = redisProgram()
const breaker = { name: 'users', failureThreshold: 5, recoveryTimeout: 60_000 }
const quick = { name: 'users', failureThreshold: 1, recoveryTimeout: 300, probeTimeout: 3_000 }

const until = async (worker: Worker, state: string): Promise<void> => {
  while ((await worker.does('state')) !== state);
}

describe.skipIf(!program)('twelve processes, a real Redis, a service that is down', { timeout: 120_000 }, () => {
  test.each([
    { how: 'alone', share: undefined, reached: 60 },
    // The first five open it; each of the others calls once, and hears after it.
    { how: 'lazy', share: { refresh: 0, timeout: 20_000 }, reached: 16 },
    { how: 'asking before the first call', share: { firstPeek: 20_000 }, reached: 5 },
  ])('$how: of 880 calls $reached reach it', async ({ share, reached }) => {
    await using server = await startRedis(program!)
    await using service = await startService()
    service.state = 'down'
    await using fleet = await startFleet(12, (i) => ({ kind: kinds[i % 2]!, port: server.port, service: service.url, breaker, share, skew: (i - 6) * 3_600_000 }))
    const outcomes: string[] = []
    for (let i = 0; i < 880; i++) outcomes.push(await fleet.workers[Math.min(Math.floor(i / 73), 11)]!.does('call', true))
    expect(outcomes.filter((name) => name === 'Error').length).toBe(reached)
    expect(outcomes.filter((name) => name === 'CircuitOpenError').length).toBe(880 - reached)
    expect(service.requests).toBe(reached)
  })

  test('pub/sub: warm processes hear of it without a call, and of its end; in between exactly one of twelve calls made at once reaches it', async () => {
    await using server = await startRedis(program!)
    await using service = await startService()
    const setup = { port: server.port, service: service.url, breaker: { ...breaker, recoveryTimeout: 2_000 }, share: { refresh: 600_000, timeout: 20_000 }, listens: true }
    await using fleet = await startFleet(12, (i) => ({ ...setup, kind: kinds[i % 2]!, skew: (i - 6) * 3_600_000 }))
    for (const one of fleet.workers) expect(await one.does('call', true)).toBe('up')
    service.state = 'down'
    for (let i = 0; i < 5; i++) await fleet.workers[0].does('call')
    for (const one of fleet.workers) await until(one, 'open')
    expect(service.requests).toBe(12 + 5)

    await Promise.all(fleet.workers.map((one) => one.does('ripe')))
    service.state = 'slow'
    let refused = 0
    const calls = fleet.workers.map((one) => one.does('call').then((outcome: string) => (outcome === 'CircuitOpenError' && refused++, outcome)))
    await service.reached(18)
    while (refused < 11) await new Promise((resolve) => setImmediate(resolve))
    expect(service.requests).toBe(18)
    service.answer(200)
    service.state = 'up'
    expect((await Promise.all(calls)).filter((outcome) => outcome === 'late').length).toBe(1)
    for (const one of fleet.workers) await until(one, 'closed')
    expect(service.requests).toBe(18)
  })

  test.each(['SIGSTOP', 'SIGKILL'] as const)('RT-51 %s for the one that probes: the next has the lease when it is over, and what is said late changes nothing', async (signal) => {
    await using server = await startRedis(program!)
    await using service = await startService()
    service.state = 'down'
    await using fleet = await startFleet(2, { kind: 'ioredis', port: server.port, service: service.url, breaker: quick, share: { refresh: 0, timeout: 20_000 } })
    const [a, b] = fleet.workers
    await a.does('call', true)
    await a.does('ripe')
    service.state = 'slow'
    const late = a.does('call')
    await service.reached(2)
    a.child.kill(signal)
    service.state = 'up'
    // A cold process passes once; it hears that somebody probes, and is refused until the lease is over.
    expect([await b.does('call', true), await b.does('call', true)]).toEqual(['up', 'CircuitOpenError'])
    do await b.does('ripe')
    while ((await b.does('call', true)) !== 'up')
    expect(await b.does('state')).toBe('closed')
    if (signal === 'SIGSTOP') {
      service.answer(503)
      a.child.kill('SIGCONT')
      expect(await late).toBe('Error')
      await b.does('call', true)
      expect(await b.does('state')).toBe('closed')
      await a.does('call', true)
      expect(await a.does('state')).toBe('closed')
    }
  })
})
