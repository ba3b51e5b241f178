import { getEventListeners } from 'node:events'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { timeout, TimeoutError } from '@backon/core'
import { faultyServer, virtualClock } from '@backon/testing'
import { build } from 'esbuild'
import { describe, expect, test, vi } from 'vitest'
import { serve } from '../test/server.ts'
import { createFetch } from './index.ts'

const url = 'http://api.example.com/'
/** A fetch that answers with these headers and a body that is fed by hand. */
const streaming = (init: ResponseInit = {}) => {
  let sink!: ReadableStreamDefaultController<Uint8Array>
  const cancel = vi.fn()
  const fetch = vi.fn(async (_: unknown, { signal }: RequestInit) => {
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (sink = controller), cancel })
    signal!.addEventListener('abort', () => { try { sink.error(signal!.reason) } catch { /* it is closed */ } })
    return new Response(stream, init)
  })
  return { fetch: fetch as unknown as typeof globalThis.fetch, cancel, send: (text: string) => sink.enqueue(new TextEncoder().encode(text)), close: () => sink.close() }
}
const hangs = (_: unknown, { signal }: any) => new Promise<Response>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
const deaf = () => new Promise<Response>(() => {})

describe('timeout', () => {
  test('ends an attempt without headers, 10 s by default, whether or not fetch listens', async () => {
    for (const fetch of [hangs, deaf]) {
      const clock = virtualClock()
      const send = vi.fn(fetch)
      await expect(clock.run(() => createFetch({ wait: 0, maxTries: 2, fetch: send as any })(url))).rejects.toThrow(new TimeoutError('GET api.example.com, attempt 2: no answer within 10000 ms'))
      expect([clock.now(), send.mock.calls.length]).toEqual([20_000, 2])
    }
  })

  test('is an answer lost: an unsafe request is not sent again', async () => {
    const clock = virtualClock()
    const send = vi.fn(deaf)
    await expect(clock.run(() => createFetch({ fetch: send as any })(url, { method: 'POST' }))).rejects.toThrow(TimeoutError)
    expect(send).toHaveBeenCalledTimes(1)
  })

  test('is none for a body that is a stream, unless it is set', async () => {
    const clock = virtualClock()
    const late = async () => (await new Promise((resolve) => clock.setTimeout(() => resolve(undefined), 60_000)), new Response('ok'))
    const stream = () => new Response('data').body!
    for (const init of [{ body: stream() }, { body: stream }, { body: (async function* () {})() as any }]) {
      expect((await clock.run(() => createFetch({ fetch: late as any })(url, { method: 'PUT', ...init }))).status).toBe(200)
    }
    expect((await clock.run(() => createFetch({ fetch: late as any })(new Request(url, { method: 'PUT', body: 'data' })))).status).toBe(200)
    await expect(clock.run(() => createFetch({ fetch: late as any, timeout: 5, maxTries: 1 })(url, { method: 'PUT', body: stream }))).rejects.toThrow(TimeoutError)
    expect((await clock.run(() => createFetch({ fetch: late as any, timeout: Infinity })(url))).status).toBe(200)
  })

  test('does not end a body', async () => {
    const clock = virtualClock()
    const body = streaming()
    const text = await clock.run(async () => {
      const response = await createFetch({ fetch: body.fetch })(url)
      clock.setTimeout(() => (body.send('late'), body.close()), 100_000)
      return response.text()
    })
    expect(text).toBe('late')
  })

  test('a timeout of another layer counts as one', async () => {
    const clock = virtualClock()
    const send = vi.fn(deaf)
    await expect(clock.run(() => createFetch({ wait: 0, maxTries: 2, fetch: send as any, use: [timeout(50)] })(url))).rejects.toThrow(TimeoutError)
    expect([send.mock.calls.length, clock.now()]).toEqual([2, 100])
  })

  test('leaves no timer behind', async () => {
    const clock = virtualClock()
    await clock.run(() => createFetch({ fetch: async () => new Response('ok') })(url))
    expect(clock.pending).toBe(0)
  })
})

describe('maxTime', () => {
  test('ends attempts and waits, and returns the answer where the next wait would reach it', async () => {
    const clock = virtualClock()
    await expect(clock.run(() => createFetch({ fetch: deaf as any, maxTime: 500 })(url))).rejects.toThrow(/maxTime, 500 ms/)
    expect(clock.now()).toBe(500)
    const busy = async () => new Response('busy', { status: 503, headers: { 'retry-after': '2' } })
    const response = await virtualClock().run(() => createFetch({ fetch: busy, maxTime: 1_999 })(url))
    expect(await response.text()).toBe('busy')
  })

  test('ends a body that is still being read, also the one of an answer that failed', async () => {
    for (const status of [200, 503]) {
      const clock = virtualClock()
      const body = streaming({ status })
      await clock.run(async () => {
        const response = await createFetch({ fetch: body.fetch, maxTime: 1_000, maxTries: 1 })(url)
        body.send('some')
        await expect(response.text()).rejects.toMatchObject({ name: 'TimeoutError', message: 'GET api.example.com: the body was not complete within maxTime, 1000 ms', retryable: false })
      })
      expect(clock.now()).toBe(1_000)
    }
  })

  test('does not end an event stream, nor what has no body', async () => {
    const clock = virtualClock()
    const body = streaming({ headers: { 'content-type': 'Text/Event-Stream; charset=utf-8' } })
    const text = await clock.run(async () => {
      const response = await createFetch({ fetch: body.fetch, maxTime: 1_000 })(url)
      clock.setTimeout(() => (body.send('late'), body.close()), 100_000)
      return response.text()
    })
    expect(text).toBe('late')
    await clock.run(() => createFetch({ fetch: async () => new Response(null, { status: 204 }), maxTime: 1_000 })(url))
    expect(clock.pending).toBe(0)
  })

  test('is asked once a call when it is a function', async () => {
    const maxTime = vi.fn(() => 100)
    await virtualClock().run(() => createFetch({ fetch: async () => new Response(null, { status: 503 }), wait: 30, maxTime })(url))
    expect(maxTime).toHaveBeenCalledTimes(1)
  })

  test('its timer keeps no process alive', async () => {
    await using server = await serve((response) => response.writeHead(200).end('ok'))
    const program = await bundled(`
      import { createFetch } from '@backon/fetch'
      const response = await createFetch({ maxTime: 3_600_000 })(${JSON.stringify(server.url)}, { headers: { connection: 'close' } })
      console.log(await response.text())`)
    expect(await program()).toEqual({ stdout: 'ok\n', status: 0 })
  })
})

describe('idle', () => {
  test('ends a read that waits too long, and not one that is not under way', async () => {
    const clock = virtualClock()
    const body = streaming()
    await clock.run(async () => {
      const response = await createFetch({ fetch: body.fetch, idle: 100 })(url)
      const reader = response.body!.getReader()
      body.send('one')
      expect(new TextDecoder().decode((await reader.read()).value)).toBe('one')
      await clock.advance(60_000)
      body.send('two')
      expect(new TextDecoder().decode((await reader.read()).value)).toBe('two')
      await expect(reader.read()).rejects.toThrow(new TimeoutError('GET api.example.com: no data within 100 ms'))
    })
    expect(clock.pending).toBe(0)
  })

  test('keeps what a response says of itself, in clones too, and its bytes', async () => {
    await using server = await serve((response, { path }) => (path === '/' ? response.writeHead(302, { location: '/end' }).end() : response.writeHead(201, 'Made', { 'x-mine': '1', 'set-cookie': ['a=1', 'b=2'] }).end('abc')))
    const plain = await fetch(server.url)
    const response = await createFetch({ idle: 1_000 })(server.url)
    for (const one of [response, response.clone(), response.clone().clone()]) {
      expect([one.url, one.redirected, one.type, one.status, one.statusText, one.ok, one.headers.get('x-mine'), one.headers.getSetCookie()]).toEqual(
        [plain.url, plain.redirected, plain.type, 201, 'Made', true, '1', ['a=1', 'b=2']])
      expect(await one.text()).toBe('abc')
      expect(one.bodyUsed).toBe(true)
    }
    expect(response).toBeInstanceOf(Response)
    const reader = (await createFetch({ idle: 1_000 })(server.url)).body!.getReader({ mode: 'byob' })
    expect(new TextDecoder().decode((await reader.read(new Uint8Array(10))).value)).toBe('abc')
    expect((await reader.read(new Uint8Array(10))).done).toBe(true)
  })

  test('leaves alone what has no body', async () => {
    for (const status of [204, 205, 304]) {
      const response = new Response(null, { status })
      expect(await createFetch({ idle: 1, fetch: async () => response })(url)).toBe(response)
    }
  })

  test('a body that is cancelled is cancelled at its source', async () => {
    const body = streaming()
    const response = await createFetch({ fetch: body.fetch, idle: 1_000 })(url)
    await response.body!.cancel('enough')
    expect(body.cancel).toHaveBeenCalledWith('enough')
  })

  test('an answer that failed is bounded too', async () => {
    const clock = virtualClock()
    const body = streaming({ status: 503 })
    await clock.run(async () => {
      const response = await createFetch({ fetch: body.fetch, idle: 100, maxTries: 1 })(url)
      await expect(response.text()).rejects.toThrow(TimeoutError)
    })
  })
})

describe("the caller's signal", () => {
  const options = { plain: {}, 'with maxTime': { maxTime: 60_000 }, 'with idle': { idle: 60_000 }, 'with a plugin that forks': { use: [timeout(60_000)] } }

  test.each(Object.entries(options))('F-01 ends the body of an answer, long after the call: %s', async (_, options) => {
    for (const status of [200, 503]) {
      await using server = await serve((response) => response.writeHead(status).write('some'))
      const controller = new AbortController()
      const response = await createFetch({ ...options, maxTries: 1 })(server.url, { signal: controller.signal })
      await turn()
      const text = response.text()
      const reason = new Error('mine')
      controller.abort(reason)
      await expect(text).rejects.toBe(reason)
      await server.quiet()
    }
  })

  test('has at most one listener, whatever the calls do, and none after answers without a body', async () => {
    const { signal } = new AbortController()
    let most = 0
    const fetch = vi.fn(async () => {
      most = Math.max(most, getEventListeners(signal, 'abort').length)
      await turn()
      return new Response(null, { status: fetch.mock.calls.length % 3 ? 200 : 503 })
    })
    const http = createFetch({ fetch: fetch as any, wait: 0 })
    await Promise.all(Array.from({ length: 10_000 }, () => http(url, { signal })))
    expect(most).toBe(1)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  }, 30_000)

  test('still has one when 2,000 answers with bodies are held', async () => {
    const { signal } = new AbortController()
    const http = createFetch({ fetch: async () => new Response('body') })
    const held = await Promise.all(Array.from({ length: 2_000 }, () => http(url, { signal })))
    expect(held).toHaveLength(2_000)
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1)
  }, 30_000)

  test('and that of the options both end a call', async () => {
    for (const which of [0, 1]) {
      const [all, one] = [new AbortController(), new AbortController()]
      const call = createFetch({ fetch: hangs as any, signal: all.signal })(url, { signal: one.signal })
      const reason = new Error('mine')
      ;[all, one][which]!.abort(reason)
      await expect(call).rejects.toBe(reason)
    }
  })

  test('F-01 reaches a body after a garbage collection', async () => {
    await using server = await serve((response) => response.writeHead(200).write('some'))
    const program = await bundled(`
      import { timeout } from '@backon/core'
      import { createFetch } from '@backon/fetch'
      const ended = []
      for (const options of [{}, { maxTime: 60_000 }, { idle: 60_000 }, { use: [timeout(60_000)] }]) {
        const controller = new AbortController()
        const text = await (async () => (await createFetch(options)(${JSON.stringify(server.url)}, { signal: controller.signal })).text().catch((error) => error.message))
        const started = text()
        for (let i = 0; i < 10; i++) { await new Promise((resolve) => setTimeout(resolve, 10)); gc() }
        controller.abort(new Error('mine'))
        ended.push(await Promise.race([started, new Promise((resolve) => setTimeout(resolve, 2_000, 'hangs'))]))
      }
      console.log(ended.join())
      process.exit()`)
    expect(await program('--expose-gc')).toEqual({ stdout: 'mine,mine,mine,mine\n', status: 0 })
  }, 30_000)
})

describe('how long to wait', () => {
  const waits = async (headers: Record<string, string>, status = 503, options = {}): Promise<number | string> => {
    const clock = virtualClock()
    let tries = 0
    const fetch = async () => new Response(null, tries++ ? undefined : { status, headers })
    const response = await clock.run(() => createFetch({ fetch, wait: 7, ...options })(url))
    return response.status === 200 ? clock.now() : 'returned'
  }

  test.each<[string, Record<string, string>, number, number | string]>([
    ['nothing said', {}, 503, 7],
    ['Retry-After in seconds', { 'retry-after': '3' }, 503, 3_000],
    ['Retry-After: 0', { 'retry-after': '0' }, 429, 0],
    ['F-33 Retry-After by a server that is an hour behind', { 'retry-after': 'Tue, 01 Jan 2030 00:00:05 GMT', date: 'Tue, 01 Jan 2030 00:00:00 GMT' }, 503, 5_000],
    ['Retry-After that is none', { 'retry-after': '1.5' }, 503, 7],
    ['Retry-After: -1', { 'retry-after': '-1' }, 503, 7],
    ['Retry-After before all others', { 'retry-after': '3', 'retry-after-ms': '50', 'ratelimit-reset': '9' }, 429, 3_000],
    ['retry-after-ms', { 'retry-after-ms': '50' }, 503, 50],
    ['retry-after-ms that is none', { 'retry-after-ms': '5e1' }, 503, 7],
    ['RateLimit-Reset of a 429', { 'ratelimit-reset': '9' }, 429, 9_000],
    ['RateLimit-Reset of a 503', { 'ratelimit-reset': '9' }, 503, 7],
    ['RateLimit-Reset of a 503, where nothing remains', { 'ratelimit-reset': '9', 'ratelimit-remaining': '0' }, 503, 9_000],
    ['RateLimit-Reset of a 503, where something remains', { 'ratelimit-reset': '9', 'ratelimit-remaining': '3' }, 503, 7],
    ['RateLimit-Reset as time of day', { 'ratelimit-reset': '1900000010', date: 'Sun, 17 Mar 2030 17:46:40 GMT' }, 429, 10_000],
    ['retry-after-ms with decimals', { 'retry-after-ms': '1.25' }, 429, 1.25],
    ['RateLimit-Reset that has come', { 'ratelimit-reset': '0' }, 429, 0],
    ['RateLimit with white space, of more than 9 s', { ratelimit: '"default"; r=0; t=12' }, 429, 12_000],
    ['RateLimit with white space, of a 503 where nothing remains', { ratelimit: '"default"; r=0; t=12' }, 503, 12_000],
    ['RateLimit of a 429, where no quota has run out', { ratelimit: '"default";r=5;t=6' }, 429, 6_000],
    ['Retry-After as long as maxRetryAfter', { 'retry-after': '60' }, 429, 60_000],
    ['RateLimit of a 429', { ratelimit: '"default";r=0;t=5' }, 429, 5_000],
    ['RateLimit of a 429, which quota has run out', { ratelimit: '"day";r=900;t=40000, "burst";r=0;t=2' }, 429, 2_000],
    ['RateLimit of a 503', { ratelimit: '"default";r=5;t=5' }, 503, 7],
    ['RateLimit of a 503, where nothing remains', { ratelimit: '"default";r=0;t=5' }, 503, 5_000],
    ['RateLimit that is none', { ratelimit: 'soon' }, 429, 7],
    ['longer than maxRetryAfter', { 'retry-after': '61' }, 503, 'returned'],
    ['RateLimit-Reset longer than maxRetryAfter', { 'ratelimit-reset': '61' }, 429, 'returned'],
  ])('%s', async (_, headers, status, expected) => {
    expect(await waits(headers, status)).toBe(expected)
  })

  test('a reset as time of day, by our own clock', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2030, 0, 1) })
    try {
      expect(await waits({ 'ratelimit-reset': String(Date.now() / 1_000 + 30) }, 429)).toBe(30_000)
    } finally {
      vi.useRealTimers()
    }
  })

  test('maxRetryAfter and maxTime bound what a server asks for', async () => {
    expect(await waits({ 'retry-after': '90' }, 503, { maxRetryAfter: 100_000 })).toBe(90_000)
    expect(await waits({ 'retry-after': '2' }, 503, { maxRetryAfter: 1_000 })).toBe('returned')
    expect(await waits({ 'retry-after': '2' }, 503, { maxTime: 1_500 })).toBe('returned')
  })

  test('without a hint: 250 ms, doubled, up to 20 s, with full jitter', async () => {
    const waited: number[] = []
    const fetch = async () => new Response(null, { status: 503 })
    await virtualClock().run(() => createFetch({ fetch, maxTries: 9, jitter: (wait) => (waited.push(wait), wait) })(url))
    // The last is asked for, and not waited.
    expect(waited).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000])
    const clock = virtualClock()
    await clock.run(() => createFetch({ fetch, maxTries: 2 })(url))
    expect(clock.now()).toBeLessThan(250)
    await clock.run(() => createFetch({ fetch, maxTries: 2, jitter: null })(url))
  })
})

test('works on the virtual clock with a faulty server', async () => {
  const clock = virtualClock()
  await clock.run(async () => {
    await using server = await faultyServer(['503', '429 retry-after 20', 'reset', 'stall', 'slow 5000'])
    const http = createFetch({ maxTries: 6 })
    expect(await (await http(server.url)).text()).toBe('ok')
    expect(server.requests).toHaveLength(5)
  })
  expect(clock.now()).toBeGreaterThan(35_000)
})

/** Bundles a program with our packages, and gives a function that runs it in a process of its own. */
async function bundled(contents: string) {
  const { outputFiles } = await build({ stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' }, bundle: true, format: 'esm', platform: 'node', write: false, logLevel: 'error' })
  const folder = mkdtempSync(join(tmpdir(), 'backon-fetch-'))
  const file = join(folder, 'program.mjs')
  writeFileSync(file, outputFiles[0]!.contents)
  return (...flags: string[]) =>
    new Promise<{ stdout: string; status: number | null }>((resolve) => {
      const child = spawn(process.execPath, [...flags, file], { stdio: ['ignore', 'pipe', 'inherit'] })
      let stdout = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
      child.on('close', (status) => {
        rmSync(folder, { recursive: true })
        resolve({ stdout, status })
      })
    })
}
