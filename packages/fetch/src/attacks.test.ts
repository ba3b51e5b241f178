import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { disable, override, Retrying, timeout, TryAgain } from '@backon/core'
import { describe, expect, test, vi } from 'vitest'
import { serve } from '../test/server.ts'
import { createFetch, type FetchOptions } from './index.ts'

const url = 'http://api.example.com/'
const scripted = (...statuses: number[]) => {
  let calls = 0
  const fetch = vi.fn(async () => new Response('body', { status: statuses[Math.min(calls++, statuses.length - 1)]! }))
  return fetch as typeof fetch & typeof globalThis.fetch
}

test('an abort at any moment: the identical reason or the answer, and no connection left', async () => {
  await using server = await serve(async (response, _, nth) => {
    await delay(4)
    response.writeHead(nth % 3 ? 503 : 200, { 'content-length': 8 })
    response.write('half')
    await delay(4)
    response.end('half')
  })
  const http = createFetch({ wait: 4, jitter: null })
  for (let after = 0; after < 45; after++) {
    const controller = new AbortController()
    const reason = { after }
    setTimeout(() => controller.abort(reason), after)
    const outcome = await http(server.url, { signal: controller.signal }).then((response) => response.text()).catch((error: unknown) => error)
    expect([reason, 'halfhalf']).toContain(outcome)
    await server.quiet()
  }
})

describe('what ends a call from outside leaves no connection', () => {
  const faults: Record<string, FetchOptions> = {
    'onBackoff throws': { onBackoff: () => { throw new Error('mine') } },
    'onBackoff rejects': { onBackoff: async () => { throw new Error('mine') } },
    'after throws': { after: () => { throw new Error('mine') } },
    'onSuccess throws': { statuses: { 503: 'never' }, onSuccess: () => { throw new Error('mine') } },
    'before throws': { before: ({ tries }) => { if (tries === 2) throw new Error('mine') } },
    'giveup throws': { giveup: () => { throw new Error('mine') } },
    'onGiveup throws': { maxTries: 1, onGiveup: () => { throw new Error('mine') } },
    'a plugin throws a good answer away': { use: [{ wrap: (next) => async (attempt) => { await next(attempt); throw new Error('mine') } }] },
  }
  test.each(Object.entries(faults))('%s', async (name, options) => {
    await using server = await serve((response) => response.writeHead(/onSuccess|good/.test(name) ? 200 : 503).write('never ends'))
    await expect(createFetch({ wait: 1, ...options })(server.url)).rejects.toThrow('mine')
    await server.quiet()
  })
})

describe('an unsafe request is sent once, whoever asks', () => {
  const layers: Record<string, () => FetchOptions> = {
    'a retry inside': () => ({ use: [new Retrying({ wait: 0 })] }),
    'TryAgain': () => ({ wait: 0, use: [{ wrap: (next: any) => async (attempt: any) => { await next(attempt).then(undefined, () => { throw new TryAgain() }); return next(attempt) } } as never] }),
  }
  test.each(Object.entries(layers))('%s', async (_, options) => {
    const fetch = scripted(503)
    await createFetch({ fetch, ...options() })(url, { method: 'POST' }).catch(() => {})
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  test('an override of the process', async () => {
    const fetch = scripted(503)
    using _ = override({ condition: () => true, wait: 0, maxTries: 5 })
    expect((await createFetch({ fetch })(url, { method: 'POST' })).status).toBe(503)
    expect(fetch).toHaveBeenCalledTimes(1)
    await createFetch({ fetch })(url)
    expect(fetch).toHaveBeenCalledTimes(6)
  })

  test('where a mock rejects all calls with one error', async () => {
    const error = Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) })
    const fetch = vi.fn(async (_: unknown, { method }: RequestInit) => { throw method && error })
    const http = createFetch({ fetch: fetch as never, wait: 0, maxTries: 2 })
    await Promise.allSettled(['GET', 'POST', 'GET', 'POST'].map((method) => http(url, { method })))
    expect(fetch.mock.calls.filter(([, { method }]) => method === 'POST')).toHaveLength(2)
    fetch.mockClear()
    await http(url, { method: 'GET' }).catch(() => {})
    expect(fetch).toHaveBeenCalledTimes(2)
  })
})

test('turned off, by option or for the process, it is one attempt and returns the answer', async () => {
  const fetch = scripted(503)
  expect((await createFetch({ fetch, enabled: false })(url)).status).toBe(503)
  {
    using _ = disable()
    expect((await createFetch({ fetch })(url)).status).toBe(503)
  }
  expect(fetch).toHaveBeenCalledTimes(2)
})

test('opaque answers, and those of Response.error(), are final', async () => {
  const opaque = Object.defineProperty(new Response(null), 'status', { value: 0 })
  for (const response of [opaque, Response.error()]) {
    const fetch = vi.fn(async () => response)
    expect(await createFetch({ fetch, idle: 10, maxTime: 10_000 })(url)).toBe(response)
    expect(fetch).toHaveBeenCalledTimes(1)
  }
})

test('mocks that answer with plain objects', async () => {
  const ok = { status: 200, json: async () => 1 }
  expect(await createFetch({ fetch: (async () => ok) as never })(url)).toBe(ok)
  const busy = { status: 503 }
  const fetch = vi.fn(async () => busy)
  expect(await createFetch({ fetch: fetch as never, wait: 0, idle: 10 })(url)).toBe(busy)
  expect(fetch).toHaveBeenCalledTimes(3)
})

test('a fetch whose bodies are streams of Node (node-fetch): they are cut off, and handed out', async () => {
  const aborted: unknown[] = []
  const fetch = vi.fn(async (_: unknown, { signal }: RequestInit) => {
    signal!.addEventListener('abort', () => aborted.push(signal!.reason.name))
    return { status: fetch.mock.calls.length < 3 ? 503 : 200, headers: new Headers(), body: Readable.from(['text']) }
  })
  const response: any = await createFetch({ fetch: fetch as never, wait: 0, idle: 1_000, maxTime: 1_000_000 })(url)
  expect([response.status, (await response.body.toArray()).join(''), aborted]).toEqual([200, 'text', ['AbortError', 'AbortError']])
})

test('a body that takes long to be made is made anew for the next attempt', async () => {
  let made = 0
  const fetch = scripted(200)
  const body = () => (++made > 1 ? 'second' : new Promise<string>(() => {}))
  const response = await createFetch({ fetch, wait: 0, use: [timeout(5)] })(url, { method: 'PUT', body })
  expect([response.status, made]).toEqual([200, 2])
})

test('two at a time are one, also where the body has to be made first', async () => {
  const fetch = scripted(200)
  const both: any = { wrap: (next: any) => async (attempt: any) => (await Promise.allSettled([next(attempt), next(attempt)]) as any[])[0].value }
  const response = await createFetch({ fetch, use: [both] })(url, { method: 'POST', body: async () => 'text' })
  expect([response.status, fetch.mock.calls.length]).toEqual([200, 1])
})

test('an init that is changed while the call runs changes nothing', async () => {
  const seen: unknown[] = []
  const fetch = (async (_: unknown, { body }: RequestInit) => (seen.push(body), new Response(null, { status: 503 }))) as never
  const init = { method: 'PUT', body: 'first' }
  const call = createFetch({ fetch, wait: 0 })(url, init)
  init.body = 'second'
  await call
  expect(seen).toEqual(['first', 'first', 'first'])
})

test('options that are changed later change nothing', async () => {
  const fetch = scripted(503)
  const options: FetchOptions = { fetch, wait: 0, maxTries: 2, statuses: {} }
  const http = createFetch(options)
  options.maxTries = 9
  ;(options.statuses as Record<number, string>)[503] = 'never'
  await http(url)
  expect(fetch).toHaveBeenCalledTimes(2)
})

test('timers of more than 24.8 days are none, and none of 1 ms (RT-05)', async () => {
  for (const time of [2 ** 31, 1e12, Infinity]) {
    const fetch = (async () => (await delay(5), new Response('ok'))) as never
    const response = await createFetch({ fetch, timeout: time, idle: time, maxTime: time })(url)
    await delay(5)
    expect(await response.text()).toBe('ok')
  }
})

test('an event stream is handed on as it comes', async () => {
  await using server = await serve(async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let i = 0; i < 3; i++) {
      response.write(`data: ${i}\n\n`)
      await delay(200)
    }
    response.end()
  })
  // It ends before the stream does, and long after the headers, also on a busy machine.
  const response = await createFetch({ maxTime: 500, timeout: 5_000, idle: 5_000 })(server.url)
  const events: string[] = []
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream()) as never as AsyncIterable<string>) events.push(chunk)
  expect(events.join('')).toBe('data: 0\n\ndata: 1\n\ndata: 2\n\n')
})

test('bodies that are used up, locked or half read are left to whoever has them', async () => {
  const fetch = scripted(503, 503, 200)
  const held: unknown[] = []
  const response = await createFetch({
    fetch, wait: 0,
    after: async ({ exception }: any) => {
      if (!exception) return
      const { body } = exception.response as Response
      held.push(body!.getReader())
    },
  })(url)
  expect([response.status, held.length]).toEqual([200, 2])
})
