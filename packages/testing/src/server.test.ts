import { retry, retryAfter, TimeoutError } from '@backon/core'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { virtualClock } from './clock.ts'
import { faultyServer } from './server.ts'
import { realNow, realSleep } from './turn.ts'

// F-61: patience is counted in naps, whatever they take on this machine.
vi.mock('./turn.ts', async (original) => {
  const turn = await original<typeof import('./turn.ts')>()
  return { ...turn, realSleep: vi.fn(turn.realSleep) }
})
beforeEach(() => vi.mocked(realSleep).mockClear())
const naps = (): number => vi.mocked(realSleep).mock.calls.length

/** What a request came to: status, Retry-After and body; or the code of what went wrong. */
const ask = async (url: string, init?: RequestInit): Promise<unknown[]> => {
  try {
    const response = await fetch(url, init)
    return [response.status, response.headers.get('retry-after'), await response.text()]
  } catch (error: any) {
    return [error.cause?.code ?? error.name]
  }
}

describe('faultyServer', () => {
  it('answers as scripted', async () => {
    await using server = await faultyServer(['503', '429 retry-after 2', '204', 'reset', 'half', 'ok'])
    const seen = []
    for (let i = 0; i < 7; i++) seen.push(await ask(server.url))
    expect(seen).toEqual([
      [503, null, 'status 503'],
      [429, '2', 'status 429'],
      [204, null, ''],
      [expect.stringMatching(/ECONNRESET|UND_ERR/)],
      [expect.stringMatching(/ECONNRESET|UND_ERR/)],
      [200, null, 'ok'],
      [501, null, 'the script has 6 steps; this is request 7'],
    ])
  })

  it('keeps what it was asked', async () => {
    await using server = await faultyServer(['ok'])
    await ask(`${server.url}/users?id=1`, { method: 'POST', body: 'grüße', headers: { 'x-try': '1' } })
    expect(server.requests).toMatchObject([{ method: 'POST', url: '/users?id=1', body: 'grüße', headers: { 'x-try': '1' } }])
  })

  it('stalls until it is closed or the client goes away', async () => {
    const server = await faultyServer(['stall', '...'])
    expect(await ask(server.url, { signal: AbortSignal.timeout(30) })).toEqual(['TimeoutError'])
    const waiting = ask(server.url)
    while (server.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    await server.close()
    expect(await waiting).toEqual([expect.stringMatching(/ECONNRESET|UND_ERR/)])
  })

  it('is slow by the real clock when no other is in force', async () => {
    await using server = await faultyServer(['slow 40 503'])
    const began = realNow()
    expect(await ask(server.url)).toEqual([503, null, 'status 503'])
    expect(realNow() - began).toBeGreaterThanOrEqual(39)
  })
})

describe('faultyServer on a virtual clock', () => {
  it('is slow, and asks to come back later, in no real time', async () => {
    const clock = virtualClock({ patience: 2_000 })
    await clock.run(async () => {
      await using server = await faultyServer(['slow 20000 503 retry-after 1', '429 retry-after 30', 'ok'])
      const load = async (): Promise<string> => {
        const response = await fetch(server.url)
        const text = await response.text()
        if (!response.ok) throw Object.assign(new Error(text), { response })
        return text
      }
      expect(await retry(load, { wait: retryAfter(), maxTime: 60_000 })).toBe('ok')
      expect(server.requests).toHaveLength(3)
    })
    expect(clock.now()).toBe(51_000)
    expect(naps()).toBeLessThan(1_000)
  })

  it('lets real answers arrive before a deadline in virtual time', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      await using server = await faultyServer(['ok', '...'])
      for (let i = 0; i < 20; i++) expect(await retry(() => ask(server.url), { maxTime: 5 })).toEqual([200, null, 'ok'])
    })
    expect(clock.now()).toBe(0)
  })

  it('lets a deadline pass when it stalls', async () => {
    const clock = virtualClock({ patience: 2_000 })
    await clock.run(async () => {
      await using server = await faultyServer(['stall', '...'])
      await expect(retry(({ signal }) => fetch(server.url, { signal }), { maxTime: 90_000 })).rejects.toThrow(TimeoutError)
    })
    expect(clock.now()).toBe(90_000)
    expect(naps()).toBeLessThan(1_000)
  })

  it('spends its patience once on a server that says nothing of itself', async () => {
    const clock = virtualClock({ patience: 60 })
    const net = process.getBuiltinModule('node:net')
    const silent = net.createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    await clock.run(async () => {
      const hung = net.connect((silent.address() as any).port, '127.0.0.1')
      const ticks = retry(({ tries }) => (tries < 50 ? Promise.reject() : tries), { wait: 100, jitter: null, maxTries: 50 })
      expect(await ticks).toBe(50)
      hung.destroy()
    })
    silent.close()
    expect(clock.now()).toBe(4_900)
    expect(naps()).toBe(60)
  })
})
