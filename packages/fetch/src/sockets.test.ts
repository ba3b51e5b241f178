import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { abortLeftovers } from '@backon/core'
import { hedging } from '@backon/hedge'
import { describe, expect, test, vi } from 'vitest'
import { serve } from '../test/server.ts'
import { createFetch, type ResponseError } from './index.ts'

describe('answers that are not handed out', () => {
  test('F-03 40 answers of 1 MB leave no socket that is busy, and none is read to its end', async () => {
    const body = Buffer.alloc(1_000_000)
    await using server = await serve((response, _, nth) => (nth < 40 ? response.writeHead(503, { 'content-length': body.length }).end(body) : response.end('ok')))
    const response = await createFetch({ wait: 1, maxTries: 40 })(server.url)
    expect(await response.text()).toBe('ok')
    await server.quiet()
    expect(server.seen).toHaveLength(40)
    // Those that are kept for the next request are all that is left.
    while (server.open > 2) await delay(5)
  })

  test('40 answers of 20 kB use at most 4 connections', async () => {
    const body = Buffer.alloc(20_000)
    for (const headers of [{ 'content-length': body.length }, {}]) {
      await using server = await serve((response, _, nth) => (nth < 40 ? response.writeHead(503, headers).end(body) : response.end('ok')))
      const response = await createFetch({ wait: 15, maxTries: 40 })(server.url)
      expect(await response.text()).toBe('ok')
      expect(server.opened).toBeLessThanOrEqual(4)
      await server.quiet()
    }
  })

  test('an answer that never ends is cut off, and delays nothing', async () => {
    await using server = await serve((response, _, nth) => {
      if (nth === 3) return response.end('ok')
      response.writeHead(503).write('busy')
      const timer = setInterval(() => response.write('.'), 10)
      response.on('close', () => clearInterval(timer))
    })
    const waits: number[] = []
    const response = await createFetch({ wait: 1, maxTries: 3, use: [{ onBackoff: ({ idleFor, elapsed }) => void waits.push(elapsed - idleFor) }] })(server.url)
    expect(await response.text()).toBe('ok')
    await server.quiet()
  })

  test('one that hangs in the middle is cut off', async () => {
    await using server = await serve((response, _, nth) => (nth > 1 ? response.end('ok') : response.writeHead(503, { 'content-length': 100 }).write('half')))
    expect(await (await createFetch({ wait: 1 })(server.url)).text()).toBe('ok')
    await server.quiet()
  })

  test('it is cut off by the caller while it is drained', async () => {
    await using server = await serve((response) => response.writeHead(503).write('never ends'))
    const controller = new AbortController()
    const call = createFetch({ wait: 60_000 })(server.url, { signal: controller.signal })
    while (!server.seen[0]) await delay(1)
    await delay(20)
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    await server.quiet()
  })

  test('the last one is not drained, and is read in full', async () => {
    const body = randomBytes(300_000)
    await using server = await serve((response) => response.writeHead(503).end(body))
    const response = await createFetch({ wait: 1, maxTries: 2 })(server.url)
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true)
    await server.quiet()
  })

  test('the last one can be read whatever other layers end with its attempt', async () => {
    await using server = await serve((response) => {
      response.writeHead(503).write('some')
      setTimeout(() => response.end('more'), 20)
    })
    const response = await createFetch({ wait: 1, use: [abortLeftovers()] })(server.url)
    expect(await response.text()).toBe('somemore')
  })

  test('no more than 64 KiB of an answer is read, however fast it comes', async () => {
    let pulled = 0
    const cancel = vi.fn()
    const endless = (): Response => new Response(new ReadableStream({ pull: (sink) => (pulled++, sink.enqueue(new Uint8Array(16_384))), cancel }), { status: 503 })
    const fetch = vi.fn(async () => (fetch.mock.calls.length === 1 ? endless() : new Response('ok')))
    await createFetch({ fetch: fetch as never, wait: 1 })('http://x.example')
    while (!cancel.mock.calls[0]) await delay(1)
    expect(pulled).toBeLessThanOrEqual(7)
  })

  test('clones taken in a hook can be read, whatever becomes of the answer', async () => {
    await using server = await serve((response, _, nth) => response.writeHead(nth === 2 ? 200 : 503).end(`answer ${nth}`))
    const texts: Promise<string>[] = []
    const after = ({ exception }: any) => void (exception && texts.push((exception as ResponseError).response.clone().text()))
    await createFetch({ wait: 1, after })(server.url)
    expect(await Promise.all(texts)).toEqual(['answer 1'])
  })

  test('HEAD, 204 and 304 have nothing to drain', async () => {
    await using server = await serve((response, _, nth) => response.writeHead([503, 204, 304][nth - 1]!).end())
    const http = createFetch({ wait: 1, attemptHeader: 'x-count' })
    expect((await http(server.url, { method: 'HEAD' })).status).toBe(204)
    expect((await http(server.url)).status).toBe(304)
    await server.quiet()
  })

  test('an answer that comes after the timeout, from a fetch that does not listen, is cancelled', async () => {
    const cancel = vi.fn()
    let send!: (response: Response) => void
    const fetch = (() => new Promise((resolve) => (send = resolve))) as typeof globalThis.fetch
    await expect(createFetch({ fetch, timeout: 1, maxTries: 1 })('http://x.example')).rejects.toThrow('GET x.example, attempt 1: no answer within 1 ms')
    send(new Response(new ReadableStream({ cancel })))
    while (!cancel.mock.calls[0]) await delay(1)
    expect(cancel).toHaveBeenCalledTimes(1)
  })
})

describe('hedging', () => {
  test('a copy that failed with a body without end is let go when another wins, and when all fail', async () => {
    for (const status of [200, 503]) {
      await using server = await serve((response, _, nth) => {
        response.writeHead(nth === 1 ? 503 : status)
        if (nth === 1) response.write('never ends')
        else setTimeout(() => response.end('second'), 20)
      })
      const response = await createFetch({ maxTries: 1, use: [hedging({ wait: 1_000, maxHedge: 2 })] })(server.url)
      expect([response.status, await response.text()]).toEqual([status, 'second'])
      await server.quiet()
    }
  })

  test('a copy after a failure is a copy too: only what is safe runs again within an attempt', async () => {
    await using server = await serve((response) => response.writeHead(503).end('no'))
    const http = createFetch({ maxTries: 1, use: [hedging({ wait: 1_000, maxHedge: 3 })] })
    for (const [init, runs] of [[{}, 3], [{ method: 'PUT' }, 1], [{ retry: { idempotent: false } }, 1]] as const) {
      const before = server.seen.length
      expect((await http(server.url, init)).status).toBe(503)
      expect(server.seen.length - before).toBe(runs)
    }
  })

  test('a lost copy is aborted, in its body too', async () => {
    await using server = await serve((response, _, nth) => {
      response.writeHead(200)
      if (nth > 1) response.end('second')
    })
    const response = await createFetch({ use: [hedging({ wait: 10, maxHedge: 2 })] })(server.url)
    expect(await response.text()).toBe('second')
    await server.quiet()
  })

  test('unsafe requests, and parts of something, are not hedged: the refusal is heard by nobody', async () => {
    await using server = await serve((response) => setTimeout(() => response.end('ok'), 40))
    // All copies at once, however busy the machine is.
    const http = createFetch({ use: [hedging({ wait: 0, maxHedge: 3 })] })
    for (const init of [{ method: 'POST' }, { method: 'PUT' }, { headers: { range: 'bytes=0-1' } }, { retry: { idempotent: false } }]) {
      const before = server.seen.length
      expect(await (await http(server.url, init)).text()).toBe('ok')
      expect(server.seen.length - before).toBe(1)
    }
    const before = server.seen.length
    await (await http(server.url)).text()
    expect(server.seen.length - before).toBe(3)
  })

  test('when all copies fail the answer can still be read, and the others are let go', async () => {
    await using server = await serve((response, _, nth) => response.writeHead(503).end(`answer ${nth}`))
    const http = createFetch({ maxTries: 1, use: [hedging({ wait: 1_000, maxHedge: 2 })] })
    const response = await http(server.url)
    expect(await response.text()).toBe('answer 2')
    await server.quiet()
  })
})

describe('answers of servers that are broken', () => {
  const raw = async (text: string) => {
    let seen = 0
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () => {
        seen++
        socket.end(text)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    return { url: `http://127.0.0.1:${port}`, seen: () => seen, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) }
  }

  test('garbage is no answer, and is not asked for again', async () => {
    await using server = await raw('this is no HTTP\r\n\r\n')
    await expect(createFetch({ wait: 1 })(server.url)).rejects.toThrow(TypeError)
    expect(server.seen()).toBe(1)
  })

  test('a connection that ends without an answer is asked again, where that is allowed', async () => {
    await using server = await raw('')
    await expect(createFetch({ wait: 1 })(server.url)).rejects.toThrow(TypeError)
    expect(server.seen()).toBe(3)
    await expect(createFetch({ wait: 1 })(server.url, { method: 'POST' })).rejects.toThrow(TypeError)
    expect(server.seen()).toBe(4)
  })

  test('redirects are followed by fetch, each attempt from the start, and a loop is not asked for again', async () => {
    await using server = await serve((response, { path }, nth) => {
      if (path === '/loop') return response.writeHead(302, { location: '/loop' }).end()
      if (path === '/start') return response.writeHead(302, { location: '/end' }).end()
      return response.writeHead(nth < 3 ? 503 : 200).end('ok')
    })
    const response = await createFetch({ wait: 1 })(`${server.url}/start`)
    expect([response.redirected, response.url, await response.text()]).toEqual([true, `${server.url}/end`, 'ok'])
    expect(server.seen.map(({ path }) => path)).toEqual(['/start', '/end', '/start', '/end'])
    await expect(createFetch({ wait: 1 })(`${server.url}/loop`)).rejects.toThrow(TypeError)
    expect(server.seen).toHaveLength(4 + 21)
    expect((await createFetch({ wait: 1 })(`${server.url}/start`, { redirect: 'manual' })).status).toBe(302)
  })
})
