import { retry, retryAfter, sleep, TimeoutError } from '@backon/core'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { virtualClock } from '../clock/clock.ts'
import { faultyServer } from './server.ts'
import type * as Turn from '../clock/turn.ts'
import { realNow, realSleep } from '../clock/turn.ts'

// F-61: patience is counted in naps, whatever they take on this machine.
vi.mock('../clock/turn.ts', async (original) => {
  const turn = await original<typeof Turn>()
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

describe('F-62 faultyServer in full', () => {
  const whole = async (url: string): Promise<unknown[]> => {
    const response = await fetch(url)
    return [response.status, response.headers.get('content-type'), await response.text()]
  }

  it('answers with JSON, text, bytes, headers and a status', async () => {
    await using server = await faultyServer([{ json: { name: 'Ada' } }, { body: 'grüße', status: 201 }, { body: new Uint8Array([104, 105]) }, { json: [], headers: { 'Content-Type': 'application/vnd.a+json' } }, {}])
    const seen = []
    for (let i = 0; i < 5; i++) seen.push(await whole(server.url))
    expect(seen).toEqual([
      [200, 'application/json', '{"name":"Ada"}'],
      [201, 'text/plain; charset=utf-8', 'grüße'],
      [200, null, 'hi'],
      [200, 'application/vnd.a+json', '[]'],
      [200, null, ''],
    ])
  })

  it('sends a header several times', async () => {
    await using server = await faultyServer([{ headers: { 'set-cookie': ['a=1', 'b=2'], 'x-one': 'two' } }])
    const { headers } = await fetch(server.url)
    expect([headers.getSetCookie(), headers.get('x-one')]).toEqual([['a=1', 'b=2'], 'two'])
  })

  it('answers with a Response of the platform, as often as it is asked for', async () => {
    await using server = await faultyServer([Response.json({ a: 1 }, { status: 418, headers: { 'x-one': 'two' } }), '...'])
    expect([await whole(server.url), await whole(server.url)]).toEqual([[418, 'application/json', '{"a":1}'], [418, 'application/json', '{"a":1}']])
  })

  it('asks a function with the request and its number', async () => {
    await using server = await faultyServer([
      ({ method, body }, run) => ({ json: { method, body, run } }),
      async () => 'reset',
      () => Promise.resolve(new Response('late', { status: 503 })),
      () => '429 retry-after 5',
      () => { throw new Error('mine') },
      () => 'nonsense',
    ])
    const post = await fetch(server.url, { method: 'POST', body: 'x' })
    expect(await post.json()).toEqual({ method: 'POST', body: 'x', run: 1 })
    const seen = []
    for (let i = 0; i < 5; i++) seen.push(await ask(server.url))
    const broken = [expect.stringMatching(/ECONNRESET|UND_ERR/)]
    expect(seen).toEqual([broken, [503, null, 'late'], [429, '5', 'status 429'], broken, [501, null, expect.stringMatching(/^TypeError: step must be 'ok'.*got "nonsense"/)]])
  })

  it('sends a stream as it comes, and breaks the connection where that breaks', async () => {
    const chunks = async function* (...all: (string | Error)[]) {
      for (const chunk of all) {
        if (chunk instanceof Error) throw chunk
        yield chunk
      }
    }
    await using server = await faultyServer([() => ({ body: chunks('a', 'b', 'c') }), () => ({ body: chunks('a', new Error('broken')) }), () => ({ body: new Blob(['d', 'e']).stream() })])
    expect(await ask(server.url)).toEqual([200, null, 'abc'])
    expect(await ask(server.url)).toEqual([expect.stringMatching(/ECONNRESET|UND_ERR|TypeError/)])
    expect(await ask(server.url)).toEqual([200, null, 'de'])
  })

  it('hangs up, or stalls, in the middle of a body', async () => {
    await using server = await faultyServer([{ json: { a: 1 }, ending: 'half' }, { body: 'abc', ending: 'stall' }])
    expect(await ask(server.url)).toEqual([expect.stringMatching(/ECONNRESET|UND_ERR/)])
    const caller = new AbortController()
    const response = await fetch(server.url, { signal: caller.signal })
    const reader = response.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('abc')
    const rest = reader.read()
    caller.abort()
    await expect(rest).rejects.toThrow('aborted')
  })

  it.each<[unknown, string]>([
    [{ status: 99 }, 'status must be an integer from 200 to 599; got 99'],
    [{ delay: -1 }, 'delay must be a number of 0 or more; got -1'],
    [{ ending: 'soon' }, `ending must be 'half' or 'stall'; got "soon"`],
    [{ body: { a: 1 } }, 'body must be text, bytes or a stream of them; for a value there is json'],
    [{ headers: 'x' }, 'headers must be an object'],
    ['okay', `step must be 'ok', 'reset'`],
    [['ok'], `step must be 'ok', 'reset'`],
  ])('refuses %o when it is given', async (step, message) => {
    await expect(faultyServer([step as never])).rejects.toThrow(message)
  })
})

describe('faultyServer on a virtual clock', () => {
  it('F-62 lets delays, functions and streams take virtual time', async () => {
    const clock = virtualClock()
    const slowly = async function* () {
      for (const word of ['one ', 'two ', 'three']) {
        await sleep(10_000)
        yield word
      }
    }
    await clock.run(async () => {
      await using server = await faultyServer([
        { json: 1, delay: 5_000 },
        async () => {
          await sleep(60_000)
          return { body: 'late' }
        },
        () => ({ body: slowly() }),
      ])
      expect([await ask(server.url), clock.now()]).toEqual([[200, null, '1'], 5_000])
      expect([await retry(() => ask(server.url), { maxTime: 60_001 }), clock.now()]).toEqual([[200, null, 'late'], 65_000])
      expect([await retry(() => ask(server.url), { maxTime: 30_001 }), clock.now()]).toEqual([[200, null, 'one two three'], 95_000])
    })
    expect(naps()).toBeLessThan(50)
  })

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
