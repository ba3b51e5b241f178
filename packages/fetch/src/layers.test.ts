import { CircuitBreaker } from '@backon/breaker'
import { abortLeftovers, type Plugin, Retrying } from '@backon/core'
import { hedging } from '@backon/hedge'
import { virtualClock } from '@backon/testing'
import { describe, expect, test, vi } from 'vitest'
import { createFetch, type FetchInit, isHttpFailure } from './index.ts'

const url = 'http://api.example.com/'
/** Answers with the status of the moment, after so many ms on the clock in force. */
const service = (clock: ReturnType<typeof virtualClock>, ms = 0) => {
  const state = { status: 200, calls: 0, headers: {} as Record<string, string> }
  const fetch = (async (_: unknown, { signal }: RequestInit) => {
    const { status, headers } = state
    state.calls++
    await new Promise((resolve, reject) => {
      clock.setTimeout(() => resolve(undefined), ms)
      signal!.addEventListener('abort', () => reject(signal!.reason))
    })
    return new Response('body', { status, headers })
  }) as typeof globalThis.fetch
  return { state, fetch }
}

describe('a breaker', () => {
  test('counts answers that failed, also those of a request that is not retried, and is closed by a 404', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      const { state, fetch } = service(clock)
      const breaker = new CircuitBreaker({ failureThreshold: 3, recoveryTimeout: 1_000, isFailure: isHttpFailure })
      const http = createFetch({ fetch, wait: 10, use: [breaker] })
      state.status = 503
      for (let i = 0; i < 3; i++) expect((await http(url, { method: 'POST' })).status).toBe(503)
      expect(breaker.state).toBe('open')
      await expect(http(url)).rejects.toMatchObject({ refused: true, refusedBy: 'circuit' })
      expect(state.calls).toBe(3)
      state.status = 404
      await clock.advance(1_001)
      expect((await http(url)).status).toBe(404)
      expect(breaker.state).toBe('closed')
    })
  })

  test('is not opened by 429, aborts and mistakes', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      const { state, fetch } = service(clock, 10)
      const breaker = new CircuitBreaker({ failureThreshold: 1, isFailure: isHttpFailure })
      const http = createFetch({ fetch, wait: 1, maxTries: 2, use: [breaker] })
      state.status = 429
      expect((await http(url)).status).toBe(429)
      await expect(http(url, { signal: AbortSignal.abort(new Error('mine')) })).rejects.toThrow('mine')
      await expect(createFetch({ use: [breaker] })('nonsense')).rejects.toThrow(TypeError)
      expect(breaker.state).toBe('closed')
    })
  })

  test('opens for as long as the server asks', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      const { state, fetch } = service(clock)
      const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 1_000, isFailure: isHttpFailure })
      state.status = 503
      state.headers = { 'retry-after': '30' }
      await createFetch({ fetch, maxTries: 1, use: [breaker] })(url)
      expect(breaker.retryAfter).toBe(30_000)
    })
  })
})

describe('a hedge', () => {
  test('a good answer wins over a fast bad one, and a hint starts no copy', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      let calls = 0
      const fetch = (async () => {
        const nth = ++calls
        await new Promise((resolve) => clock.setTimeout(() => resolve(undefined), nth === 1 ? 50 : 5))
        return new Response('body', { status: nth === 1 ? 200 : 503 })
      }) as typeof globalThis.fetch
      const response = await createFetch({ fetch, use: [hedging({ wait: 10, maxHedge: 2 })] })(url)
      expect([response.status, calls]).toEqual([200, 2])

      const { state, fetch: limited } = service(clock)
      state.status = 429
      state.headers = { 'retry-after': '5' }
      const before = clock.now()
      await createFetch({ fetch: limited, maxTries: 2, use: [hedging({ wait: 10, maxHedge: 3 })] })(url)
      expect([state.calls, clock.now() - before]).toEqual([2, 5_000])
    })
  })

  test.each<[what: string, init: FetchInit]>([
    ['a POST', { method: 'POST' }],
    ['a POST that may run twice: it is not safe for that', { method: 'POST', retry: { idempotent: true } }],
    ['a GET that may not', { retry: { idempotent: false } }],
    ['a part of something', { headers: { range: 'bytes=0-9' } }],
  ])('starts no copy of %s, neither by time nor after a failure', async (_, init) => {
    const clock = virtualClock()
    await clock.run(async () => {
      const { state, fetch } = service(clock, 100)
      const http = createFetch({ fetch, maxTries: 1, use: [hedging({ wait: 10, maxHedge: 2, isFailure: isHttpFailure })] })
      expect((await http(url, init)).status).toBe(200)
      state.status = 503
      expect((await http(url, init)).status).toBe(503)
      expect(state.calls).toBe(2)
    })
  })

  test('each copy has a timeout of its own', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      const { state, fetch } = service(clock, 1e9)
      await expect(createFetch({ fetch, timeout: 100, maxTries: 1, use: [hedging({ wait: 50, maxHedge: 2 })] })(url)).rejects.toThrow('no answer within 100 ms')
      expect([state.calls, clock.now()]).toEqual([2, 150])
    })
  })

  test('further copies bypass the cache of a browser, and of nothing else', async () => {
    const caches: unknown[] = []
    const fetch = (async (_: unknown, { cache }: RequestInit) => (caches.push(cache), await new Promise<Response>((resolve) => setTimeout(resolve, 20, new Response('ok'))))) as typeof globalThis.fetch
    const http = createFetch({ fetch, use: [hedging({ wait: 1, maxHedge: 2 })] })
    await http(url)
    vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0' })
    await http(url)
    await http(url, { cache: 'force-cache' })
    vi.unstubAllGlobals()
    expect(caches).toEqual([undefined, undefined, undefined, 'no-store', 'force-cache', 'force-cache'])
  })
})

describe('answers that failed', () => {
  /** Answers 503 with a body that never ends. */
  const endless = () => {
    const signals: AbortSignal[] = []
    /** Which were aborted when the latest request was sent. */
    const before: boolean[][] = []
    const aborted = (): boolean[] => signals.map(({ aborted }) => aborted)
    const fetch = (async (_: unknown, { signal }: RequestInit) => {
      before.push(aborted())
      signals.push(signal!)
      return new Response(new ReadableStream({ start: (body) => signal!.addEventListener('abort', () => body.error(signal!.reason)) }), { status: 503 })
    }) as typeof globalThis.fetch
    return { fetch, aborted, before }
  }

  test('the last one can be read, also when what failed is aborted; those before it are let go', async () => {
    const clock = virtualClock()
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
    await clock.run(async () => {
      const { fetch, aborted } = endless()
      const response = await createFetch({ fetch, maxTries: 2, wait: 10_000, use: [abortLeftovers()] })(url)
      expect([response.status, aborted()]).toEqual([503, [true, false]])
    })
    expect(reported).not.toHaveBeenCalled()
    reported.mockRestore()
  })

  test('of a retry further in, too', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      const { fetch, aborted, before } = endless()
      const inner = new Retrying({ maxTries: 3, wait: 10_000, jitter: null })
      const response = await createFetch({ fetch, maxTries: 1, use: [inner as never] })(url)
      await clock.advance(10_000)
      expect([response.status, aborted(), before]).toEqual([503, [true, true, false], [[], [false], [true, false]]])
    })
  })

  test('a short one is read to its end, so that its connection can be used again', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      const signals: AbortSignal[] = []
      const fetch = (async (_: unknown, { signal }: RequestInit) => {
        signals.push(signal!)
        if (signals.length > 1) return new Response('ok')
        return new Response(new ReadableStream({ start: (body) => void clock.setTimeout(() => body.close(), 50) }), { status: 503 })
      }) as typeof globalThis.fetch
      expect((await createFetch({ fetch, wait: 1_000 })(url)).status).toBe(200)
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
    })
  })

  test('is not handed out once it was let go: a deadline that passes in a wait is a TimeoutError', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      const { fetch, aborted } = endless()
      const http = createFetch({ fetch, maxTime: 1_000, wait: 500, sleep: () => new Promise(() => {}) })
      await expect(http(url)).rejects.toMatchObject({ name: 'TimeoutError', message: 'GET api.example.com: no result within maxTime, 1000 ms', cause: { status: 503 } })
      expect(aborted()).toEqual([true])
    })
  })
})

test('an answer is kept as long as its attempt lasts: a plugin that asks once more, in vain, can still hand it out', async () => {
  let calls = 0
  const fetch = async () => {
    if (++calls === 2) throw Object.assign(new Error('gone'), { code: 'ECONNRESET' })
    return new Response('overloaded', { status: 503 })
  }
  const twice: Plugin = { wrap: (next) => (attempt) => Promise.resolve(next(attempt)).catch((first: unknown) => Promise.resolve(next(attempt)).catch(() => { throw first })) }
  const response = await createFetch({ fetch, maxTries: 1, use: [twice] })(url)
  expect([response.status, await response.text(), calls]).toEqual([503, 'overloaded', 2])
})
