import { setTimeout as delay } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { fork, NonRetryableError, type Plugin, TimeoutError } from '@backon/core'
import { describe, expect, test, vi } from 'vitest'
import { serve } from '../test/server.ts'
import { createFetch, type FetchOptions, isHttpFailure, ResponseError } from './index.ts'

/** Plays answers one after the other, the last for ever. A function makes the answer, an error is thrown. */
const script = (...steps: (number | Error | Response | (() => unknown))[]) => {
  const calls: { input: any; init: any; request: () => Request }[] = []
  const fetch = vi.fn(async (input: any, init: any) => {
    const step = steps[Math.min(calls.length, steps.length - 1)]!
    calls.push({ input, init, request: () => (input instanceof Request ? input : new Request(input, init)) })
    if (step instanceof Error) throw step
    return typeof step === 'number' ? new Response(`status ${step}`, { status: step }) : typeof step === 'function' ? step() : step
  })
  return { fetch: fetch as unknown as typeof globalThis.fetch, calls }
}

const lost = (code: string, more: object = {}): TypeError => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code, ...more }) })
/** Deno has no codes: what happened is a sentence in the cause. */
const deno = (message: string): TypeError => new TypeError('fetch failed', { cause: new Error(message) })
const url = 'http://api.example.com/users/1?token=secret'
const fast: FetchOptions = { wait: 0, maxTries: 4 }

describe('what comes out', () => {
  test('the response of the last attempt, itself, whatever its status', async () => {
    for (const status of [200, 204, 301, 404, 409, 422, 501]) {
      const response = new Response(null, { status })
      const { fetch, calls } = script(response)
      expect(await createFetch({ ...fast, fetch })(url)).toBe(response)
      expect(calls).toHaveLength(1)
    }
    const last = new Response('busy', { status: 503 })
    const { fetch, calls } = script(503, 503, 503, last)
    expect(await createFetch({ ...fast, fetch })(url)).toBe(last)
    expect(await last.text()).toBe('busy')
    expect(calls).toHaveLength(4)
  })

  test('what fetch rejects with, itself', async () => {
    for (const error of [lost('ECONNRESET'), new TypeError('Invalid URL'), new RangeError('mine')]) {
      await expect(createFetch({ ...fast, fetch: script(error).fetch })(url)).rejects.toBe(error)
    }
    for (const value of [undefined, null, 'text', Object.freeze(new Error('frozen'))]) {
      const fetch = async () => { throw value }
      await expect(createFetch({ ...fast, fetch })(url).catch((error: unknown) => [error])).resolves.toEqual([value])
    }
  })

  test('the identical reason of the caller, before, during and between attempts', async () => {
    const reason = { mine: true }
    const hangs = () => new Promise(() => {})
    for (const step of [hangs, 503] as const) {
      const { fetch, calls } = script(step)
      const controller = new AbortController()
      const call = createFetch({ wait: 60_000, fetch })(url, { signal: controller.signal })
      await delay(1)
      controller.abort(reason)
      await expect(call).rejects.toBe(reason)
      expect(calls).toHaveLength(1)
    }
    const { fetch, calls } = script(200)
    await expect(createFetch({ fetch })(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(calls).toHaveLength(0)
  })

  test('is callable wherever fetch is, and is typed as fetch', async () => {
    const { fetch, calls } = script(200)
    const http: typeof globalThis.fetch = createFetch({ fetch })
    await http.call(globalThis, new URL(url))
    await Reflect.apply(http, { some: 'object' }, [new Request(url)])
    expect(calls).toHaveLength(2)
  })

  test('uses the fetch of the platform as it is when it calls', async () => {
    const http = createFetch()
    const spy = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('patched'))
    expect(await (await http(url)).text()).toBe('patched')
    spy.mockRestore()
  })

  test('an answer without headers, as mocks have it', async () => {
    const { fetch, calls } = script(() => ({ status: 503 }))
    expect(await createFetch({ ...fast, fetch })(url)).toEqual({ status: 503 })
    expect(calls).toHaveLength(4)
  })

  test('what a plugin throws, once', async () => {
    const mine = new Error('mine')
    const wrap = vi.fn(() => {
      throw mine
    })
    await expect(createFetch({ ...fast, fetch: script(200).fetch, use: [{ wrap: () => wrap }] })(url)).rejects.toBe(mine)
    expect(wrap).toHaveBeenCalledTimes(1)
  })

  test('nothing is sent for an attempt that is aborted already', async () => {
    const { fetch, calls } = script(200)
    const hurried: Plugin = { wrap: (next) => (attempt) => { const child = fork(attempt); child.abort('too late'); return next(child) } }
    await expect(createFetch({ ...fast, fetch, use: [hurried] })(url)).rejects.toBe('too late')
    expect(calls).toHaveLength(0)
  })

  test('what is no URL, in the words of fetch', async () => {
    await expect(createFetch()(undefined as any)).rejects.toThrow('Failed to parse URL from undefined')
  })

  test('a value that is no response passes, as mocks have it', async () => {
    await expect(createFetch({ fetch: (async () => undefined) as any })(url)).resolves.toBeUndefined()
  })
})

describe('what is retried', () => {
  const classes = {
    safe: { method: 'GET' },
    put: { method: 'put' },
    keyed: { method: 'POST', headers: { 'Idempotency-Key': 'given' } },
    unsafe: { method: 'POST' },
    patch: { method: 'patch' },
  }
  const runs = async (step: number | Error, init: RequestInit, options: FetchOptions = {}): Promise<number> => {
    const { fetch, calls } = script(step)
    await createFetch({ ...fast, maxTries: 2, fetch, ...options })(url, init).catch(() => {})
    return calls.length
  }

  test.each([
    [421, 2, 2, 2, 2, 2], [425, 2, 2, 2, 2, 2], [429, 2, 2, 2, 2, 2],
    [408, 2, 2, 2, 1, 1], [500, 2, 2, 2, 1, 1], [502, 2, 2, 2, 1, 1], [503, 2, 2, 2, 1, 1], [504, 2, 2, 2, 1, 1],
    [400, 1, 1, 1, 1, 1], [404, 1, 1, 1, 1, 1], [409, 1, 1, 1, 1, 1], [422, 1, 1, 1, 1, 1], [501, 1, 1, 1, 1, 1], [505, 1, 1, 1, 1, 1], [507, 1, 1, 1, 1, 1],
  ])('status %i: %i runs if safe, %i PUT, %i POST with a key, %i POST, %i PATCH', async (status, ...expected) => {
    const counts = []
    for (const init of Object.values(classes)) counts.push(await runs(status, init))
    expect(counts).toEqual(expected)
  })

  const refusedStream = Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('Stream closed with error code NGHTTP2_REFUSED_STREAM'), { code: 'ERR_HTTP2_STREAM_ERROR' }) })
  const aggregate = new TypeError('fetch failed', { cause: Object.assign(new AggregateError([Object.assign(new Error(), { code: 'ETIMEDOUT', syscall: 'connect' })]), { code: 'ETIMEDOUT' }) })
  const cutOff = new TypeError('fetch failed', {
    cause: Object.assign(new AggregateError([{ code: 'ETIMEDOUT', syscall: 'connect' }, { code: 'ETIMEDOUT', syscall: 'read' }]), { code: 'ETIMEDOUT' }),
  })
  test.each<[string, Error, number, number]>([
    ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].map((code): [string, Error, number, number] => [code, lost(code), 2, 2]),
    ['ETIMEDOUT while connecting', lost('ETIMEDOUT', { syscall: 'connect' }), 2, 2],
    ['ETIMEDOUT of all addresses', aggregate, 2, 2],
    ['ETIMEDOUT of some addresses, and an answer that was cut off', cutOff, 2, 1],
    ['a reset, in the words of a refused stream', lost('ECONNRESET', { message: 'NGHTTP2_REFUSED_STREAM' }), 2, 1],
    ['a reset while connecting', lost('ECONNRESET', { syscall: 'connect' }), 2, 1],
    ['REFUSED_STREAM', refusedStream, 2, 2],
    ['a code on the error itself', Object.assign(new Error('Unable to connect'), { code: 'ConnectionRefused' }), 2, 2],
    ...['UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].map((code): [string, Error, number, number] => [code, lost(code), 2, 1]),
    ['terminated', new TypeError('terminated'), 2, 1],
    ['Failed to fetch', new TypeError('Failed to fetch'), 2, 1],
    ['NetworkError …', new TypeError('NetworkError when attempting to fetch resource.'), 2, 1],
    ['Load failed', new TypeError('Load failed'), 2, 1],
    ['workerd', new Error('Network connection lost.'), 2, 1],
    ['Deno, reset', deno('Connection reset by peer (os error 104)'), 2, 1],
    ['Deno, closed', deno('error sending request from 127.0.0.1:1 for http://x/ (127.0.0.1:2): client error (SendRequest): connection closed before message completed'), 2, 1],
    ['Deno, refused', deno('error sending request for url (http://x/): client error (Connect): tcp connect error: Connection refused (os error 111)'), 2, 2],
    ['Deno, no such host', deno('error sending request for url (http://x/): client error (Connect): dns error: failed to lookup address information: Name or service not known'), 2, 2],
    ['Deno, garbage', deno('error sending request from 127.0.0.1:1 for http://x/ (127.0.0.1:2): client error (SendRequest): invalid HTTP version parsed'), 1, 1],
    ['Deno, TLS', deno('error sending request for url (https://x/): client error (Connect): received corrupt message of type InvalidContentType'), 1, 1],
    ['Deno before 2.9, refused', new TypeError('error sending request for url (http://x/): client error (Connect): tcp connect error: Connection refused (os error 111)'), 2, 2],
    ['the same words, no TypeError', new Error('Load failed'), 1, 1],
    ['a mistake that quotes them', new TypeError('no translation of "Load failed"'), 1, 1],
    ['another HTTP/2 error', lost('ERR_HTTP2_STREAM_ERROR'), 1, 1],
    ['a bad certificate', lost('CERT_HAS_EXPIRED'), 1, 1],
    ['a redirect loop', new TypeError('fetch failed', { cause: new Error('redirect count exceeded') }), 1, 1],
    ['a blocked port', new TypeError('fetch failed', { cause: new Error('bad port') }), 1, 1],
    ['an invalid URL', lost('ERR_INVALID_URL'), 1, 1],
    ['retryable: false', Object.assign(lost('NOTHING'), { retryable: false }), 1, 1],
    ['an abort of its own', new DOMException('x', 'AbortError'), 1, 1],
  ])('%s', async (_, error, safe, unsafe) => {
    expect([await runs(error, { method: 'GET' }), await runs(error, { method: 'POST' })]).toEqual([safe, unsafe])
  })

  test.each([['GETS', 1], ['BUDGET', 1], ['PUTS', 1], ['OUTPUT', 1], ['QUERY', 2], ['TRACE', 2], ['delete', 2]])('the method %s: %i', async (method, expected) => {
    expect(await runs(503, { method })).toBe(expected)
  })

  test.each([['get', 'GET'], ['pOst', 'POST'], ['patch', 'patch'], ['gets', 'gets'], ['budget', 'budget']])('fetch sends %s as %s, and so it is called', async (method, sent) => {
    const names: string[] = []
    await createFetch({ fetch: script(200).fetch, after: ({ name }) => void names.push(name) })(url, { method })
    expect(names).toEqual([`${sent} api.example.com`])
  })

  test('a cause that goes round in a circle ends', async () => {
    const error: any = new TypeError('fetch failed')
    error.cause = error
    expect(await runs(error, {})).toBe(1)
  })

  test('an error that throws when it is looked at comes out', async () => {
    const error = Object.defineProperty(new Error('x'), 'cause', { get: () => { throw new Error('inner') } })
    await expect(createFetch({ ...fast, fetch: script(error).fetch })(url)).rejects.toBe(error)
  })

  test('real programming errors reject once, as those of fetch', async () => {
    for (const [input, init] of [['http://', {}], ['nonsense', {}], ['http://127.0.0.1:1/', {}], [url, { method: 'GET', body: 'x' }], [url, { headers: { 'bad name': '1' } }]] as const) {
      const send = vi.fn(globalThis.fetch)
      const plain = await globalThis.fetch(input, init).catch((error: unknown) => error)
      const ours = await createFetch({ ...fast, fetch: send })(input, init).catch((error: unknown) => error)
      expect(ours).toBeInstanceOf(TypeError)
      expect((ours as Error).message).toBe((plain as Error).message)
      expect(send.mock.calls.length).toBeLessThan(2)
    }
  })

  test('tables are added to, and rows replaced', async () => {
    expect(await runs(404, { method: 'GET' }, { statuses: { 404: 'idempotent' } })).toBe(2)
    expect(await runs(404, { method: 'POST' }, { statuses: { 404: 'idempotent' } })).toBe(1)
    expect(await runs(503, { method: 'POST' }, { statuses: { 503: 'always' } })).toBe(2)
    expect(await runs(429, { method: 'GET' }, { statuses: { 429: 'never' } })).toBe(1)
    expect(await runs(lost('CERT_HAS_EXPIRED'), { method: 'GET' }, { errors: { CERT_HAS_EXPIRED: 'idempotent' } })).toBe(2)
    expect(await runs(lost('ECONNRESET'), { method: 'GET' }, { errors: { ECONNRESET: 'never' } })).toBe(1)
    expect(await runs(lost('ETIMEDOUT', { syscall: 'connect' }), { method: 'GET' }, { errors: { ETIMEDOUT: 'never' } })).toBe(1)
  })

  test('a row that is given goes before what a code says in itself', async () => {
    expect(await runs(refusedStream, { method: 'POST' }, { errors: { ERR_HTTP2_STREAM_ERROR: 'never' } })).toBe(1)
    expect(await runs(lost('ETIMEDOUT', { syscall: 'connect' }), { method: 'POST' }, { errors: { ETIMEDOUT: 'idempotent' } })).toBe(1)
  })

  test('`idempotent` overrides the class', async () => {
    expect(await runs(503, { method: 'POST' }, { idempotent: true })).toBe(2)
    expect(await runs(503, { method: 'GET' }, { idempotent: false })).toBe(1)
    expect(await runs(503, { method: 'POST' }, { idempotent: ({ url }) => url.includes('/users/') })).toBe(2)
    expect(await runs(429, { method: 'GET' }, { idempotent: false })).toBe(2)
  })

  test('options of retry narrow it, and cannot undo it', async () => {
    expect(await runs(503, { method: 'POST' }, { condition: () => true })).toBe(1)
    expect(await runs(503, { method: 'GET' }, { condition: () => false })).toBe(1)
    expect(await runs(503, { method: 'GET' }, { condition: ({ exception }: any) => exception.status === 503 })).toBe(2)
    expect(await runs(200, { method: 'GET' }, { condition: () => true })).toBe(1)
    expect(await runs(503, { method: 'POST' }, { exception: Error })).toBe(1)
    expect(await runs(503, { method: 'GET' }, { exception: TypeError })).toBe(1)
    expect(await runs(lost('ECONNRESET'), { method: 'GET' }, { exception: TypeError })).toBe(2)
    expect(await runs(503, { method: 'GET' }, { exception: [TypeError, ResponseError] })).toBe(2)
    expect(await runs(503, { method: 'POST' }, { predicate: () => true })).toBe(1)
    expect(await runs(503, { method: 'GET' }, { predicate: (response) => response.status !== 503 })).toBe(1)
    expect(await runs(lost('ECONNRESET'), { method: 'GET' }, { predicate: () => false })).toBe(2)
    expect(await runs(503, { method: 'GET' }, { giveup: () => true })).toBe(1)
    expect(await runs(503, { method: 'GET' }, { stop: () => true })).toBe(1)
  })

  test('what the predicate throws comes out, and a promise is a TypeError', async () => {
    const fault = new Error('mine')
    const { fetch, calls } = script(503)
    await expect(createFetch({ ...fast, fetch, predicate: () => { throw fault } })(url)).rejects.toBe(fault)
    expect(calls).toHaveLength(1)
    await expect(createFetch({ ...fast, fetch: script(503).fetch, predicate: (async () => true) as any })(url)).rejects.toThrow(/predicate/)
  })

  test('a plugin that asks for more cannot have an unsafe request sent twice', async () => {
    const { fetch, calls } = script(503)
    const again = { wrap: (next: any) => async (attempt: any) => { try { return await next(attempt) } catch { return next(attempt) } } }
    const response = await createFetch({ ...fast, fetch, use: [again] })(url, { method: 'POST' })
    expect([response.status, calls.length]).toEqual([503, 1])
    const both: any = { wrap: (next: any) => (attempt: any) => Promise.all([next(attempt), next(attempt)]) }
    await expect(createFetch({ ...fast, fetch, use: [both] })(url, { method: 'POST' })).rejects.toMatchObject({ refused: true, refusedBy: 'fetch', retryable: false })
    expect(calls).toHaveLength(2)
  })

  test('`retry: false` is one attempt, with plugins and timeouts; `retry: options` are for one call', async () => {
    const wrap = vi.fn((next: any) => next)
    const { fetch, calls } = script(503)
    const http = createFetch({ ...fast, fetch, use: [{ wrap }] })
    expect((await http(url, { retry: false })).status).toBe(503)
    expect(calls).toHaveLength(1)
    await http(url, { retry: { maxTries: 2, wait: undefined } })
    expect(calls).toHaveLength(3)
    expect(wrap).toHaveBeenCalledTimes(2)
    expect(calls[0]!.init.retry).toBeUndefined()
  })
})

describe('records', () => {
  test('handlers and plugins see a ResponseError, and the name is method and host', async () => {
    const seen: unknown[] = []
    const { fetch } = script(new Response('slow down', { status: 429, headers: { 'retry-after': '0' } }), 200)
    const note = (event: string) => (details: any) => void seen.push([event, details.name, details.exception?.status, details.exception?.retryAfter, details.end])
    await createFetch({ fetch, onBackoff: note('backoff'), use: [{ after: note('after') }] })('http://user:pw@api.example.com:8080/secret')
    expect(seen).toEqual([
      ['after', 'GET api.example.com:8080', 429, 0, undefined],
      ['backoff', 'GET api.example.com:8080', 429, 0, undefined],
      ['after', 'GET api.example.com:8080', undefined, undefined, undefined],
    ])
  })

  test.each([
    ['https://api.example.com', 'api.example.com'], ['https://API.Example.com:443/x', 'api.example.com'], ['http://localhost:3000?x', 'localhost:3000'], ['http://u:p@h.example/x', 'h.example'],
    ['http://[::1]:8080/', '[::1]:8080'], ['http:h.example/x', 'h.example'], ['https://münchen.example/', 'xn--mnchen-3ya.example'], ['data:,x', ''], ['/relative', ''], ['http://', ''], [' https://h.example ', 'h.example'],
    ['http:\\\\h.example\\x', 'h.example'],
  ])('the host in the name of %s is %j', async (input, host) => {
    const names: string[] = []
    await createFetch({ fetch: script(200).fetch, onSuccess: ({ name }) => void names.push(name) })(input)
    expect(names).toEqual([`GET ${host}`])
  })

  test('the end of what is never retried is fatal', async () => {
    for (const [step, init] of [[503, { method: 'POST' }], [lost('ECONNRESET'), { method: 'POST' }], [501, {}], [503, { method: 'PUT', body: new ReadableStream() }]] as const) {
      const onGiveup = vi.fn()
      await createFetch({ ...fast, fetch: script(step).fetch, onGiveup })(url, init as RequestInit).catch(() => {})
      expect(onGiveup.mock.calls.map(([details]) => details.end)).toEqual(['fatal'])
    }
  })

  test.each([
    ['http://a.example:80/x', 'a.example'], ['https://a.example:443/', 'a.example'], ['http://a.example:8080/', 'a.example:8080'], ['https://A.example?x', 'a.example'],
    ['http://ÄÖ/', 'xn--4ca0b'], ['urn:http://a.example/', ''],
  ])('the host of %s is %j', async (input, host) => {
    const names: string[] = []
    await createFetch({ fetch: script(200).fetch, after: ({ name }) => void names.push(name) })(input)
    expect(names).toEqual([`GET ${host}`])
  })

  test('on a page, a URL without a host is one of that page', async () => {
    const facts: string[] = []
    vi.stubGlobal('location', { href: 'https://shop.example/cart/' })
    try {
      await createFetch({ fetch: script(200).fetch, use: ({ url, origin }) => (facts.push(url, origin), []), after: ({ name }) => void facts.push(name) })('items')
    } finally {
      vi.unstubAllGlobals()
    }
    expect(facts).toEqual(['https://shop.example/cart/items', 'https://shop.example', 'GET shop.example'])
  })

  test('a message holds neither path nor query nor password', async () => {
    let message = ''
    await createFetch({ ...fast, fetch: script(503).fetch, onGiveup: ({ exception }) => void (message = String(exception)) })('https://u:p@example.com/path?key=1')
    expect(message).toBe('ResponseError: GET example.com: 503')
  })

  test('a handler may read the answer before it is let go', async () => {
    const texts: string[] = []
    const { fetch } = script(503, 200)
    await createFetch({ ...fast, fetch, onBackoff: async ({ exception }) => void texts.push(await (exception as ResponseError).response.text()) })(url)
    expect(texts).toEqual(['status 503'])
  })
})

describe('bodies', () => {
  const once = {
    'a ReadableStream': () => new Response('data').body!,
    'a stream of Node': () => Readable.from(['data']),
    'an async iterable': () => (async function* () { yield new TextEncoder().encode('data') })(),
  }
  const often = {
    text: 'data', bytes: new TextEncoder().encode('data'), buffer: new TextEncoder().encode('data').buffer, blob: new Blob(['data']),
    form: (() => { const form = new FormData(); form.set('a', 'data'); return form })(), params: new URLSearchParams({ a: 'data' }),
  }

  test.each(Object.entries(often))('%s is sent in each attempt', async (_, body) => {
    await using server = await serve((response, __, nth) => response.writeHead(nth < 3 ? 503 : 200).end())
    expect((await createFetch(fast)(server.url, { method: 'PUT', body: body as any })).status).toBe(200)
    expect(server.seen.map(({ body }) => body.includes('data'))).toEqual([true, true, true])
  })

  test('only a stream is told to be sent while the answer is read', async () => {
    const { fetch, calls } = script(200)
    const http = createFetch({ fetch })
    await http(url, { method: 'POST', body: 'text' })
    await http(url, { method: 'POST', body: new ReadableStream() })
    expect(calls.map(({ init }) => init.duplex)).toEqual([undefined, 'half'])
  })

  test.each(Object.entries(once))('%s gets one attempt, and what fails comes out', async (_, make) => {
    await using server = await serve((response) => response.writeHead(503).end('no'))
    const response = await createFetch(fast)(server.url, { method: 'PUT', body: make() as any })
    expect([response.status, await response.text(), server.seen.map(({ body }) => body)]).toEqual([503, 'no', ['data']])
  })

  test.each(Object.entries(once))('a function gives %s to each attempt', async (_, make) => {
    await using server = await serve((response, __, nth) => response.writeHead(nth < 3 ? 503 : 200).end())
    for (const body of [make, async () => make()]) {
      const before = server.seen.length
      expect((await createFetch(fast)(server.url, { method: 'PUT', body: body as any })).status).toBe(200)
      expect(server.seen.slice(before).map(({ body }) => body)).toEqual(before ? ['data'] : ['data', 'data', 'data'])
    }
  })

  test('what a body function throws comes out, once', async () => {
    const fault = new Error('no such file')
    for (const body of [() => { throw fault }, async () => { throw fault }]) {
      const { fetch, calls } = script(200)
      await expect(createFetch({ ...fast, fetch })(url, { method: 'PUT', body })).rejects.toBe(fault)
      expect(calls).toHaveLength(0)
    }
  })

  test('a body function that gives nothing sends nothing', async () => {
    for (const nothing of [undefined, null]) {
      const { fetch, calls } = script(200)
      await createFetch({ ...fast, fetch })(url, { method: 'PUT', body: () => nothing as never })
      expect(await calls[0]!.request().text()).toBe('')
    }
  })

  test('a Request without a body is sent anew, with its headers, and one with a body once', async () => {
    await using server = await serve((response, __, nth) => response.writeHead(nth % 2 ? 503 : 200).end())
    const http = createFetch({ ...fast, attemptHeader: 'x-retry-count' })
    const request = new Request(server.url, { headers: { 'x-mine': '1' } })
    expect((await http(request)).status).toBe(200)
    expect((await http(new Request(server.url, { method: 'PUT', body: 'data' }))).status).toBe(503)
    expect(server.seen.map(({ headers, body }) => [headers['x-mine'], headers['x-retry-count'], body])).toEqual([['1', undefined, ''], ['1', '1', ''], [undefined, undefined, 'data']])
    const used = new Request(server.url, { method: 'POST', body: 'data' })
    await used.text()
    await expect(http(used)).rejects.toThrow(TypeError)
  })

  test('a Request is aborted by its own signal, which init.signal replaces', async () => {
    const controller = new AbortController()
    const { fetch } = script(() => new Promise(() => {}))
    const call = createFetch({ fetch })(new Request(url, { signal: controller.signal }))
    controller.abort(new Error('mine'))
    await expect(call).rejects.toThrow('mine')
    const { fetch: ok } = script(200)
    expect((await createFetch({ fetch: ok })(new Request(url, { signal: controller.signal }), { signal: new AbortController().signal })).status).toBe(200)
    expect((await createFetch({ fetch: ok })(new Request(url, { signal: controller.signal }), { signal: null })).status).toBe(200)
  })

  test('a Request as init, as some have it', async () => {
    await using server = await serve((response) => response.end())
    await createFetch(fast)(`${server.url}/other`, new Request(server.url, { method: 'PUT', headers: { 'x-mine': '1' }, body: 'data' }) as any)
    expect(server.seen.map(({ method, path, headers, body }) => [method, path, headers['x-mine'], body])).toEqual([['PUT', '/other', '1', 'data']])
  })
})

describe('keys and headers', () => {
  const keys = (calls: { request: () => Request }[]) => calls.map((call) => call.request().headers.get('idempotency-key'))

  test('one key a call, for POST and PATCH, in all attempts', async () => {
    const { fetch, calls } = script(503)
    const http = createFetch({ ...fast, maxTries: 2, fetch, idempotencyKey: true })
    await http(url, { method: 'POST' })
    await http(url, { method: 'patch' })
    await http(new Request(url, { method: 'POST', headers: { 'x-mine': '1' } }))
    const found = keys(calls)
    expect(found).toHaveLength(6)
    expect(found[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    expect(found[0]).toBe(found[1])
    expect(found[4]).toBe(found[5])
    expect(calls[5]!.request().headers.get('x-mine')).toBe('1')
    expect(new Set(found).size).toBe(3)
  })
  test('a key that is there wins, and none is made for others', async () => {
    const { fetch, calls } = script(200)
    const http = createFetch({ fetch, idempotencyKey: true })
    for (const headers of [{ 'IDEMPOTENCY-KEY': 'mine' }, [['Idempotency-Key', 'mine']], new Headers({ 'idempotency-key': 'mine' })] as const) await http(url, { method: 'POST', headers: headers as HeadersInit })
    for (const method of ['GET', 'PUT', 'DELETE', 'REPOST', 'POSTS', 'DISPATCH']) await http(url, { method })
    expect(keys(calls)).toEqual(['mine', 'mine', 'mine', null, null, null, null, null, null])
  })

  test('a key is made by a function, or given with the call', async () => {
    const { fetch, calls } = script(200)
    await createFetch({ fetch, idempotencyKey: ({ method, origin }) => `${method} ${origin}` })(url, { method: 'POST' })
    await createFetch({ fetch })(url, { method: 'POST', retry: { idempotencyKey: 'order-17' } })
    expect(keys(calls)).toEqual(['POST http://api.example.com', 'order-17'])
    expect(() => createFetch({ idempotencyKey: 'one for all' as any })).toThrow(/idempotencyKey must be a boolean or function; got "one for all"/)
  })

  test('a key is random too on a page without https, where there is no randomUUID', async () => {
    const { fetch, calls } = script(200)
    const http = createFetch({ fetch, idempotencyKey: true })
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    try {
      for (let i = 0; i < 2; i++) await http(url, { method: 'POST' })
    } finally {
      vi.unstubAllGlobals()
    }
    const [one, other] = keys(calls)
    expect(one).toMatch(/^\d+(-\d+){3}$/)
    expect(one).not.toBe(other)
  })

  test('409 without one is an answer like any other', async () => {
    const ends: unknown[] = []
    await createFetch({ fetch: script(409).fetch, onSuccess: ({ end }) => void ends.push(end), onGiveup: ({ end }) => void ends.push(end) })(url, { method: 'POST', headers: { 'idempotency-key': 'x' } })
    expect(ends).toEqual(['success'])
  })

  test('409 is retried with a key of ours only', async () => {
    for (const [options, headers, expected] of [[{ idempotencyKey: true }, {}, 2], [{}, { 'idempotency-key': 'x' }, 1], [{ idempotencyKey: true }, { 'idempotency-key': 'x' }, 1]] as const) {
      const { fetch, calls } = script(409)
      expect((await createFetch({ ...fast, maxTries: 2, fetch, ...options })(url, { method: 'POST', headers })).status).toBe(409)
      expect(calls).toHaveLength(expected)
    }
  })

  test('an attempt says how many came before it, the first does not', async () => {
    const { fetch, calls } = script(503)
    await createFetch({ ...fast, maxTries: 3, fetch, attemptHeader: 'x-retry-count' })(url, { headers: { 'x-mine': '1' } })
    expect(calls.map((call) => [call.request().headers.get('x-retry-count'), call.request().headers.get('x-mine')])).toEqual([[null, '1'], ['1', '1'], ['2', '1']])
  })
})

describe('plugins', () => {
  test('come from a function of the request, once a call', async () => {
    const asked: unknown[] = []
    const { fetch } = script(503, 200)
    const use = ({ url, origin, method, safe, idempotent }: any) => (asked.push({ url, origin, method, safe, idempotent }), [])
    const http = createFetch({ ...fast, fetch, use })
    await http('https://api.example.com:443/a?b#c')
    await http(new URL('http://[::1]:8080/x'), { method: 'PUT' })
    await http(new Request('http://other.example/'), { method: 'POST' }).catch(() => {})
    await createFetch({ fetch, use })('/relative').catch(() => {})
    expect(asked).toEqual([
      { url: 'https://api.example.com/a?b#c', origin: 'https://api.example.com', method: 'GET', safe: true, idempotent: true },
      { url: 'http://[::1]:8080/x', origin: 'http://[::1]:8080', method: 'PUT', safe: false, idempotent: true },
      { url: 'http://other.example/', origin: 'http://other.example', method: 'POST', safe: false, idempotent: false },
      { url: '/relative', origin: 'null', method: 'GET', safe: true, idempotent: true },
    ])
  })

  test('an open circuit comes out as it is, a full limit is waited for even by what is unsafe', async () => {
    const open = Object.assign(new NonRetryableError('open'), { refused: true })
    const { fetch, calls } = script(200)
    await expect(createFetch({ ...fast, fetch, use: [{ wrap: () => () => { throw open } }] })(url)).rejects.toBe(open)
    expect(calls).toHaveLength(0)
    let full = 2
    const limit = { wrap: (next: any) => (attempt: any) => { if (full-- > 0) throw Object.assign(new Error('full'), { refused: true }); return next(attempt) } }
    expect((await createFetch({ ...fast, fetch, use: [limit] })(url, { method: 'POST' })).status).toBe(200)
  })
})

describe('isHttpFailure', () => {
  const thrown = (exception: unknown) => isHttpFailure({ exception })
  const error = (status: number) => new ResponseError(new Response(null, { status }))
  test.each<[string, unknown, boolean | 'ignore']>([
    ['503', thrown(error(503)), true], ['501', thrown(error(501)), true], ['408', thrown(error(408)), 'ignore'], ['429', thrown(error(429)), 'ignore'], ['425', thrown(error(425)), false],
    ['a value of 200', isHttpFailure({ value: new Response() }), false], ['a value of 404', isHttpFailure({ value: new Response(null, { status: 404 }) }), false],
    ['a value of 500', isHttpFailure({ value: new Response(null, { status: 500 }) }), true], ['no response', isHttpFailure({ value: undefined }), false],
    ['ECONNRESET', thrown(lost('ECONNRESET')), true], ['a bad certificate', thrown(lost('CERT_HAS_EXPIRED')), true], ['garbage', thrown(lost('HPE_INVALID_CONSTANT')), true],
    ['Failed to fetch', thrown(new TypeError('Failed to fetch')), true], ['a timeout', thrown(new TimeoutError('x')), true],
    ['an invalid URL', thrown(lost('ERR_INVALID_URL')), 'ignore'], ['a mistake', thrown(new TypeError('x is not a function')), 'ignore'], ['undefined', thrown(undefined), 'ignore'],
    ['what throws when it is looked at', thrown({ get code() { throw new Error('inner') } }), 'ignore'],
    ['an abort', thrown(new DOMException('x', 'AbortError')), 'ignore'], ['an abort that cut a connection', thrown(Object.assign(lost('ECONNRESET'), { name: 'AbortError' })), 'ignore'],
    ['a mistake in the words of undici', thrown(lost('MY_ERR_INVALID_ANSWER')), true],
    ['a refusal because of a lost connection', thrown(Object.assign(lost('ECONNREFUSED'), { refused: true })), 'ignore'], ['a refusal', thrown(Object.assign(new Error('full'), { refused: true })), 'ignore'],
  ])('%s', (_, verdict, expected) => {
    expect(verdict).toBe(expected)
  })
})

describe('bad options throw when they are given', () => {
  test.each<[any, RegExp]>([
    [{ timeout: -1 }, /timeout must be a number of 0 or more; got -1/],
    [{ timeout: '5' }, /timeout must be/],
    [{ idle: NaN }, /idle must be/],
    [{ maxRetryAfter: -1 }, /maxRetryAfter must be/],
    [{ fetch: 'fetch' }, /fetch must be a function/],
    [{ idempotent: 'yes' }, /idempotent must be a boolean or function/],
    [{ idempotencyKey: 5 }, /idempotencyKey must be/],
    [{ attemptHeader: 'bad name' }, /bad name/],
    [{ statuses: 404 }, /statuses must be an object; got 404/],
    [{ errors: true }, /errors must be an object; got true/],
    [{ statuses: { 404: true } }, /404 must be always, idempotent, key, never; got true/],
    [{ errors: { X: 'retry' } }, /X must be/],
    [{ use: 'breaker' }, /use must be/],
    [{ maxTries: 0 }, /maxTries must be/],
    [{ maxTime: -1 }, /maxTime must be/],
    [{ onBackoff: 5 }, /onBackoff must be/],
    [{ wait: -1 }, /wait must be/],
    [{ retryErrorCallback: () => {} }, /retryErrorCallback and raiseOnGiveup are not taken/],
    [{ raiseOnGiveup: false }, /raiseOnGiveup are not taken/],
    [null, /options must be an object/],
    [fetch, /options must be an object/],
  ])('%o', (options, message) => {
    expect(() => createFetch(options)).toThrow(message)
  })

  test('those of one call reject it, before anything is sent', async () => {
    const { fetch, calls } = script(200)
    await expect(createFetch({ fetch })(url, { retry: { timeout: -1 } })).rejects.toThrow(/timeout must be/)
    await expect(createFetch({ fetch })(url, { retry: 5 as any })).rejects.toThrow(/retry must be/)
    expect(calls).toHaveLength(0)
  })
})
