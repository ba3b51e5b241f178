// The stacks that the READMEs recommend, around `fetch` and a real server: whatever it does, nothing stays open, and a circuit finds it
// healthy again. What is waited for is a condition, never a time.
import { CircuitBreaker } from '@backon/breaker'
import { type Attempt, type Plugin, retry, retryAfter, timeout } from '@backon/core'
import { createFetch, isHttpFailure } from '@backon/fetch'
import { hedging } from '@backon/hedge'
import { limit, type Limit, RetryBudget, throttle } from '@backon/limit'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { serve, type Server, type ServerMood } from './compositions/server.ts'

let server: Server
beforeAll(async () => {
  server = await serve()
})
afterAll(() => server[Symbol.asyncDispose]())

const within = { timeout: 15_000, interval: 5 }
const nothingIsOpen = (): Promise<void> => vi.waitFor(() => expect(server.sockets).toBe(0), within)

const isFailure = ({ value, exception }: { value?: unknown; exception?: unknown }): boolean => (value instanceof Response ? value.status >= 500 : exception !== undefined)

interface Stack {
  readonly use: readonly Plugin[]
  /** A fetch that has the stack in it. */
  readonly http?: typeof fetch
  readonly breaker?: CircuitBreaker
  readonly limit?: Limit
}
const breakerOf = (): CircuitBreaker => new CircuitBreaker({ failureThreshold: 3, recoveryTimeout: 20, isFailure })
const hedge = (): Plugin => hedging({ wait: 20, maxHedge: 2, isFailure })

/** Outermost first. */
const stacks: Record<string, (ms: number) => Stack> = {
  'breaker, timeout': (ms) => {
    const breaker = breakerOf()
    return { breaker, use: [breaker, timeout(ms)] }
  },
  'timeout, breaker': (ms) => {
    const breaker = breakerOf()
    return { breaker, use: [timeout(ms), breaker] }
  },
  'breaker, hedging, timeout': (ms) => {
    const breaker = breakerOf()
    return { breaker, use: [breaker, hedge(), timeout(ms)] }
  },
  'breaker, timeout, hedging': (ms) => {
    const breaker = breakerOf()
    return { breaker, use: [breaker, timeout(ms), hedge()] }
  },
  'timeout, hedging, breaker': (ms) => {
    const breaker = breakerOf()
    return { breaker, use: [timeout(ms), hedge(), breaker] }
  },
  'budget, throttle, limit, timeout': (ms) => {
    const one = limit({ concurrency: 4, queue: 20, maxWait: 500 })
    return { limit: one, use: [new RetryBudget({ credit: 5 }), throttle({ window: 200 }), one, timeout(ms)] }
  },
  'budget, breaker, hedging, limit, timeout': (ms) => {
    const [budget, breaker, one] = [new RetryBudget({ credit: 20 }), breakerOf(), limit({ concurrency: 8, queue: 20 })]
    return { breaker, limit: one, use: [budget, breaker, hedging({ wait: 20, maxHedge: 2, isFailure, budget }), one, timeout(ms)] }
  },
}

/** The same around a request, as a fetch. */
const fetches: typeof stacks = {
  'createFetch: breaker, hedging': (ms) => {
    const breaker = new CircuitBreaker({ failureThreshold: 3, recoveryTimeout: 20, isFailure: isHttpFailure })
    const use = [breaker, hedging({ wait: 20, maxHedge: 2 })]
    return { breaker, use, http: createFetch({ maxTries: 3, wait: 5, timeout: ms, use }) }
  },
  'createFetch: budget, hedging, breaker, limit': (ms) => {
    const [budget, one] = [new RetryBudget({ credit: 20 }), limit({ concurrency: 8, queue: 20 })]
    const breaker = new CircuitBreaker({ failureThreshold: 3, recoveryTimeout: 20, isFailure: isHttpFailure })
    const use = [budget, hedging({ wait: 20, maxHedge: 2, budget }), breaker, one]
    return { breaker, limit: one, use, http: createFetch({ maxTries: 3, wait: 5, timeout: ms, use }) }
  },
}

const ask = ({ use, http }: Stack, operation: (attempt: Attempt) => Promise<unknown>, signal?: AbortSignal): Promise<any> =>
  http ? http(server.url, { signal: signal ?? null }) : retry(operation, { use, signal, maxTries: 3, wait: retryAfter({ fallback: 5 }), exception: Error, predicate: (value) => value instanceof Response && value.status === 503, maxTime: 10_000 })

const response = ({ signal }: Attempt): Promise<Response> => fetch(server.url, { signal })
const text = async (attempt: Attempt): Promise<unknown> => {
  const answer = await response(attempt)
  return answer.ok ? answer.text() : answer
}

/** What a caller does with what it gets: the last body is its own to read, or to let go. */
const use = async (given: unknown): Promise<unknown> => {
  if (!(given instanceof Response)) return given
  if (given.ok) return given.text()
  await given.body?.cancel()
  return given.status
}

const allowed = (error: any): boolean =>
  error?.refused === true || error?.name === 'TimeoutError' || (error instanceof TypeError && /fetch failed|terminated/.test(error.message))

describe.each(Object.entries({ ...stacks, ...fetches }))('RT-49 use: [%s]', { timeout: 60_000 }, (_, stackOf) => {
  test.each<ServerMood>(['healthy', 'slow', 'busy', 'reset', 'half', 'silent', 'half silent', 'half busy'])('a server that is %s: every call ends, nothing stays open, and it is found well again', async (mood) => {
    const stack = stackOf(150)
    server.mood = mood
    const ended = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => ask(stack, i % 2 ? response : text).then(use)))
    for (const outcome of ended) {
      if (outcome.status === 'rejected' ? !allowed(outcome.reason) : !['ok', 503].includes(outcome.value as never)) expect(outcome).toBe('allowed')
    }
    await nothingIsOpen()
    expect([stack.limit?.running ?? 0, stack.limit?.queued ?? 0]).toEqual([0, 0])

    server.mood = 'healthy'
    await vi.waitFor(async () => {
      expect(await ask(stack, text).then(use)).toBe('ok')
      expect(stack.breaker?.state ?? 'closed').toBe('closed')
    }, within)
    await nothingIsOpen()
  })

  test('who leaves gets the identical reason, and no body is read any further', async () => {
    const stack = stackOf(30_000)
    // A fetch does not look into the bodies of failures.
    for (const mood of stack.http ? (['silent', 'endless'] as const) : (['silent', 'endless', 'busy'] as const)) {
      const caller = new AbortController()
      const reason = new Error('left')
      server.mood = mood
      const before = server.requests
      let bodies = 0
      const read = (answer: Response): Promise<string> => {
        bodies++
        return answer.text()
      }
      // A body of `busy` is read inside the attempt, an endless one when the call is over.
      const call = ask(stack, async (attempt) => {
        const answer = await response(attempt)
        return mood === 'busy' ? read(answer) : answer
      }, caller.signal).then((given) => (given instanceof Response ? read(given) : given))
      const ended = call.catch((error: unknown) => error)
      await vi.waitFor(() => expect(mood === 'silent' ? server.requests - before : bodies).toBeGreaterThan(0), within)
      caller.abort(reason)
      expect(await ended).toBe(reason)
      await nothingIsOpen()
    }
    expect([stack.limit?.running ?? 0, stack.limit?.queued ?? 0]).toEqual([0, 0])
    expect([stack.breaker?.state ?? 'closed', stack.breaker?.failureCount ?? 0]).toEqual(['closed', 0])
  })
})
