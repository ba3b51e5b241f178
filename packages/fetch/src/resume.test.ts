import fc from 'fast-check'
import type { ServerResponse } from 'node:http'
import { virtualClock } from '@backon/testing'
import { describe, expect, test } from 'vitest'
import { serve, type Seen } from '../test/server.ts'
import { createFetch } from './index.ts'
import { resumable } from './resume.ts'

/** 300 kB in which each place is its own: a mixture would show. */
const version = (letter: string): Buffer => Buffer.from(Array.from({ length: 30_000 }, (_, i) => `${letter}${String(i).padStart(8, '0')}\n`).join(''))
const [first, second] = [version('a'), version('b')]

interface Play {
  /** Bytes of the body after which the connection is cut; none: it is sent in full. */
  readonly cut?: number | undefined
  readonly body?: Buffer
  readonly etag?: string | null
  readonly headers?: Record<string, string>
  readonly status?: number | undefined
  readonly chunked?: boolean
}

/** Answers as a server of files does, each request by one play; the last is for all that follow. */
const files = (...plays: Play[]) =>
  serve((response: ServerResponse, { headers }: Seen, nth: number) => {
    const { cut, body = first, etag = body === first ? '"a"' : '"b"', headers: more, status, chunked } = plays[Math.min(nth, plays.length) - 1]!
    const from = headers['if-range'] === etag ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? NaN) : NaN
    const part = from >= 0 ? body.subarray(from) : body
    response.writeHead(status ?? (from >= 0 ? 206 : 200), {
      ...(etag && { etag }),
      ...(!chunked && { 'content-length': part.length }),
      ...(from >= 0 && { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` }),
      ...more,
    })
    if (cut === undefined) return response.end(part)
    // Beyond what was sent before, so that each request brings something.
    return response.write(part.subarray(0, cut), () => setTimeout(() => response.destroy(), 5))
  })

const http = resumable(createFetch({ wait: 0 }), { wait: 0 })
const bytes = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

describe('a body that is cut off', () => {
  test.each([false, true])('is gone on with, with If-Range, as often as there is progress (chunked: %s)', async (chunked) => {
    await using server = await files({ cut: 70_000, chunked })
    const plays = server.seen
    const response = await http(server.url)
    expect([response.status, response.ok, response.redirected, response.url, response.headers.get('etag')]).toEqual([200, true, false, `${server.url}/`, '"a"'])
    expect((await bytes(response)).equals(first)).toBe(true)
    expect(plays.map(({ headers }) => [headers.range, headers['if-range'], headers['accept-encoding']?.split(',')[0]])).toEqual(
      [undefined, 'bytes=70000-', 'bytes=140000-', 'bytes=210000-', 'bytes=280000-'].map((range) => [range, range && '"a"', 'identity']))
  })

  test('is bounded where there is little progress', async () => {
    await using server = await files({ cut: 60_000 }, { cut: 1_000 })
    const text = bytes(await http(server.url))
    await expect(text).rejects.toThrow('the body was cut off after 62000 bytes, and cannot be gone on with: 3 requests in a row brought less than 65536 bytes each')
    await expect(text).rejects.toMatchObject({ name: 'TypeError', cause: { message: 'terminated' } })
    expect(server.seen).toHaveLength(3)
    await server.quiet()
  })

  test.each<[string, Play, RegExp]>([
    ['another version', { body: second }, /it has changed meanwhile/],
    ['the same ETag with another length', { body: Buffer.concat([first, first]), etag: '"a"' }, /it has 600000 bytes now instead of 300000/],
    ['a part with another ETag', { headers: { etag: '"b"' } }, /another ETag/],
    ['a part without an ETag', { etag: '"a"', headers: { etag: '' } }, /another ETag/],
    ['a part that begins elsewhere', { headers: { 'content-range': 'bytes 0-299999/300000' } }, /begins at 0/],
    ['a part that does not say where it begins', { headers: { 'content-range': 'bytes */300000' } }, /begins at NaN/],
    ['a part that is packed', { headers: { 'content-encoding': 'br' } }, /is encoded/],
    ['nothing any more', { status: 404 }, /the answer is 404/],
    ['416', { status: 416 }, /the answer is 416/],
    ['several parts', { headers: { 'content-type': 'multipart/byteranges; boundary=x', 'content-range': '' } }, /begins at NaN/],
  ])('fails, and never mixes: %s', async (_, play, why) => {
    await using server = await files({ cut: 100_000 }, play)
    const response = await http(server.url)
    const reader = response.body!.getReader()
    const chunks: Uint8Array[] = []
    const read = async (): Promise<void> => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        chunks.push(value)
      }
    }
    await expect(read()).rejects.toThrow(why)
    expect(Buffer.concat(chunks).equals(first.subarray(0, 100_000))).toBe(true)
    await server.quiet()
  })

  test('the request for the rest has the retries of its fetch', async () => {
    await using server = await files({ cut: 100_000 }, { status: 503 }, {})
    expect((await bytes(await http(server.url))).equals(first)).toBe(true)
    expect(server.seen).toHaveLength(3)
  })

  test('ends with the caller, while it is read and while it waits', async () => {
    await using server = await files({ cut: 100_000 })
    const controller = new AbortController()
    const patient = resumable(createFetch({ wait: 0 }), { wait: 1_000_000 })
    const text = bytes(await patient(server.url, { signal: controller.signal }))
    setTimeout(() => controller.abort(new Error('mine')), 50)
    await expect(text).rejects.toThrow('mine')
    expect(server.seen).toHaveLength(1)
    await server.quiet()
  })

  test('a reader that leaves takes the connection along', async () => {
    await using server = await serve((response) => response.writeHead(200, { etag: '"a"', 'content-length': 100 }).write('some'))
    const reader = (await http(server.url)).body!.getReader()
    await reader.read()
    await reader.cancel()
    await server.quiet()
  })

  test('cancelled in the wait, it asks for nothing more and leaves no timer, whatever signal the caller has given', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      for (const init of [{}, { signal: new AbortController().signal }]) {
        let calls = 0
        const cut = async () => {
          calls++
          let pulls = 0
          const body = new ReadableStream({ pull: (sink) => (pulls++ ? sink.error(new Error('cut')) : sink.enqueue(new TextEncoder().encode('some'))) }, { highWaterMark: 0 })
          return new Response(body, { headers: { etag: '"a"', 'content-length': '100' } })
        }
        const reader = (await resumable(cut, { wait: 10_000 })('http://api.example.com/', init)).body!.getReader()
        await reader.read()
        const waiting = reader.read()
        await new Promise(setImmediate)
        const pending = clock.pending
        await reader.cancel()
        expect(await waiting).toEqual({ done: true, value: undefined })
        expect([pending, clock.pending]).toEqual([1, 0])
        await clock.advance(20_000)
        expect(calls).toBe(1)
      }
    })
  })

  test.each<RequestInit>([{}, { signal: new AbortController().signal }])('cancelled while the rest is asked for, it gives that request up: %j', async (init) => {
    await using server = await serve((response, _, nth) => {
      // The second never answers.
      if (nth === 1) response.writeHead(200, { etag: '"a"', 'content-length': 100 }).write('some', () => setTimeout(() => response.destroy(), 5))
    })
    const reader = (await resumable(fetch, { wait: 0 })(server.url, init)).body!.getReader()
    await reader.read()
    reader.read().catch(() => {})
    while (server.seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    await reader.cancel()
    await server.quiet()
  })

  test('is not gone on with when the time of the call is over', async () => {
    await using server = await serve((response) => response.writeHead(200, { etag: '"a"', 'content-length': 100 }).write('some'))
    await expect(bytes(await resumable(createFetch({ maxTime: 50 }))(server.url))).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(server.seen).toHaveLength(1)
  })

  test('a connection that is silent counts as cut off where `idle` says so', async () => {
    await using server = await serve((response, { headers }) => {
      const from = Number(/\d+/.exec(headers.range ?? '0'))
      response.writeHead(from ? 206 : 200, { etag: '"a"', 'content-length': 8 - from, ...(from && { 'content-range': `bytes ${from}-7/8` }) })
      if (from) response.end('rest')
      else response.write('some')
    })
    expect(String(await bytes(await resumable(createFetch({ idle: 30 }), { wait: 0 })(server.url)))).toBe('somerest')
  })
})

describe('is handed on as it is', () => {
  test.each<[string, Play, RequestInit]>([
    ['no ETag', { etag: null }, {}],
    ['a weak ETag', { etag: 'W/"a"' }, {}],
    ['packed', { headers: { 'content-encoding': 'identity' } }, {}],
    ['a server without ranges', { headers: { 'accept-ranges': 'none' } }, {}],
    ['another status', { status: 203 }, {}],
    ['POST', {}, { method: 'POST' }],
    ['a Range of the caller', {}, { headers: { range: 'bytes=0-' } }],
  ])('%s', async (_, play, init) => {
    await using server = await files({ ...play })
    let given: Response | undefined
    const inner = createFetch({ wait: 0 })
    const response = await resumable(async (input: any, init: any) => (given = await inner(input, init)))(server.url, init)
    expect(response).toBe(given)
    await bytes(response)
  })

  test('what fetch rejects with', async () => {
    const error = new RangeError('mine')
    await expect(resumable(async () => { throw error })('http://x.example')).rejects.toBe(error)
  })
})

test('works with a Request, and with the fetch of the platform', async () => {
  await using server = await files({ cut: 100_000 }, {})
  const response = await resumable(fetch, { wait: 0 })(new Request(server.url, { headers: { 'x-mine': '1' } }))
  expect((await bytes(response)).equals(first)).toBe(true)
  expect(server.seen.map(({ headers }) => headers['x-mine'])).toEqual(['1', '1'])
})

test('never a mixture of two versions, whatever a server does (property)', async () => {
  const play = fc.record({
    cut: fc.option(fc.integer({ min: 0, max: 300_000 }), { nil: undefined }),
    body: fc.constantFrom(first, first, second),
    etag: fc.constantFrom('"a"', '"b"', 'W/"a"', null),
    chunked: fc.boolean(),
    status: fc.constantFrom(undefined, undefined, undefined, 200, 404, 503),
  })
  // A strong ETag is for one version: a server that lies there cannot be found out, and is left out.
  const honest = ({ body, etag }: { body: Buffer; etag: string | null }): boolean => etag !== (body === first ? '"b"' : '"a"')
  await fc.assert(
    fc.asyncProperty(fc.array(play.filter(honest), { minLength: 1, maxLength: 5 }), async (plays) => {
      await using server = await files(...plays)
      const response = await http(server.url).catch(() => undefined)
      const found = await response?.arrayBuffer().then((all) => Buffer.from(all), () => undefined)
      if (response?.status === 200 && found) expect(found.equals(first) || found.equals(second)).toBe(true)
      await server.quiet()
    }),
    { numRuns: 60, seed: 16 },
  )
}, 60_000)

test('unusable options throw', () => {
  expect(() => resumable(undefined as any)).toThrow(/http must be a fetch/)
  expect(() => resumable(fetch, { maxTries: 0 })).toThrow(/maxTries must be an integer/)
  expect(() => resumable(fetch, { wait: -1 })).toThrow(/wait must be/)

})
