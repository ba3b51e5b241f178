// What docs/coming-from-*.md says of counts and behaviour, done with both libraries. Each claim gives what theirs does and what ours does.
import { CircuitBreaker, countWindow } from '@backon/breaker'
import { expo, NonRetryableError, retry } from '@backon/core'
import { createFetch } from '@backon/fetch'
import { Limit } from '@backon/limit'
import asyncRetry from 'async-retry'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import * as cockatiel from 'cockatiel'
import got from 'got'
import ky from 'ky'
import Opossum from 'opossum'
import pRetry, { AbortError } from 'p-retry'
import nodeRetry from 'retry'
import { scripted } from '../frameworks/scripted.mjs'

/** How often an operation that always fails is run. */
const runs = async (call, error = () => new Error('down')) => {
  let count = 0
  await call(async () => {
    count += 1
    throw error(count)
  }).catch(() => {})
  return count
}
/** What a call ends with, as text. */
const end = (call) => call.then(String, (reason) => String(reason?.message ?? reason))
/** How many requests a server sees that always answers with this status. */
const requests = async (status, call) => {
  const server = await scripted(...Array.from({ length: 20 }, () => ({ status })))
  await call(server.url).catch(() => {})
  server.close()
  return server.seen.length
}
/** What a call ends with whose caller leaves after 20 ms, and whether it has ended soon after. */
const abortion = async (call) => {
  const controller = new AbortController()
  setTimeout(() => controller.abort('left'), 20)
  let ended = 'not ended'
  void end(call(controller.signal)).then((text) => (ended = text))
  await new Promise((resolve) => setTimeout(resolve, 100))
  return ended
}
/** After how many failures of ten calls, five of which were good, a breaker is open. */
const opensAt = async (good, bad, isOpen) => {
  for (let i = 0; i < 5; i++) await good()
  for (let failures = 1; failures <= 8; failures++) {
    await bad().catch(() => {})
    if (isOpen()) return failures
  }
  return 'never'
}
const down = () => Promise.reject(new Error('down'))
const well = () => Promise.resolve('well')
const client = (options) => {
  const made = axios.create()
  axiosRetry(made, { retryDelay: () => 1, ...options })
  return made
}

/** @type {{ page: string, claim: string, theirs: () => unknown, ours: () => unknown, gives: [theirs: unknown, ours: unknown] }[]} */
export const claims = [
  {
    page: 'p-retry', claim: 'retries: 4 is maxTries: 5', gives: [5, 5],
    theirs: () => runs((fn) => pRetry(fn, { retries: 4, minTimeout: 0 })),
    ours: () => runs((fn) => retry(fn, { maxTries: 5, wait: 0 })),
  },
  {
    page: 'p-retry', claim: 'without a number: 11 runs, 3 runs', gives: [11, 3],
    theirs: () => runs((fn) => pRetry(fn, { minTimeout: 0 })),
    ours: () => runs((fn) => retry(fn, { wait: 0 })),
  },
  {
    page: 'p-retry', claim: 'an abort in an attempt: the running attempt is waited for, not here', gives: ['not ended', 'left'],
    theirs: () => abortion((signal) => pRetry(() => new Promise(() => {}), { signal })),
    ours: () => abortion((signal) => retry(() => new Promise(() => {}), { signal })),
  },
  {
    page: 'p-retry', claim: 'a TypeError is not retried, here it is', gives: [1, 3],
    theirs: () => runs((fn) => pRetry(fn, { minTimeout: 0 }), () => new TypeError('slip')),
    ours: () => runs((fn) => retry(fn, { wait: 0 }), () => new TypeError('slip')),
  },
  {
    page: 'p-retry', claim: 'AbortError is NonRetryableError', gives: [1, 1],
    theirs: () => runs((fn) => pRetry(fn, { minTimeout: 0 }), () => new AbortError('no')),
    ours: () => runs((fn) => retry(fn, { wait: 0 }), () => new NonRetryableError('no')),
  },
  {
    page: 'p-retry', claim: 'what is thrown comes out, also when it is no Error', gives: ['Non-error was thrown: "text". You should only throw errors.', 'text'],
    theirs: () => end(pRetry(() => Promise.reject('text'), { retries: 0 })),
    ours: () => end(retry(() => Promise.reject('text'), { maxTries: 1 })),
  },
  {
    page: 'async-retry', claim: 'retries: 4 is maxTries: 5', gives: [5, 5],
    theirs: () => runs((fn) => asyncRetry(fn, { retries: 4, minTimeout: 1, factor: 1 })),
    ours: () => runs((fn) => retry(fn, { maxTries: 5, wait: 0 })),
  },
  {
    page: 'async-retry', claim: 'the most frequent error comes out, here the last', gives: ['often', 'last'],
    theirs: () => end(asyncRetry((_, attempt) => Promise.reject(new Error(attempt < 3 ? 'often' : 'last')), { retries: 2, minTimeout: 1, factor: 1 })),
    ours: () => end(retry(({ tries }) => Promise.reject(new Error(tries < 3 ? 'often' : 'last')), { wait: 0 })),
  },
  {
    page: 'async-retry', claim: 'minTimeout and factor are factor and base', gives: [[1_000, 3_000], [1_000, 3_000]],
    theirs: () => nodeRetry.timeouts({ retries: 2, minTimeout: 1_000, factor: 3 }),
    ours: () => [1, 2].map((tries) => expo({ factor: 1_000, base: 3 })({ tries })),
  },
  {
    page: 'cockatiel', claim: 'maxAttempts: 4 is maxTries: 5', gives: [5, 5],
    theirs: () => runs((fn) => cockatiel.retry(cockatiel.handleAll, { maxAttempts: 4, backoff: new cockatiel.ConstantBackoff(1) }).execute(fn)),
    ours: () => runs((fn) => retry(fn, { maxTries: 5, wait: 1 })),
  },
  {
    page: 'cockatiel', claim: 'a retry of everything retries an open circuit, not here', gives: [3, 1],
    theirs: async () => {
      const breaker = cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: 60_000, breaker: new cockatiel.ConsecutiveBreaker(1) })
      await breaker.execute(down).catch(() => {})
      let asked = 0
      const policy = cockatiel.retry(cockatiel.handleAll, { maxAttempts: 2, backoff: new cockatiel.ConstantBackoff(1) })
      await policy.execute(() => (asked++, breaker.execute(down))).catch(() => {})
      return asked
    },
    ours: async () => {
      const breaker = new CircuitBreaker({ failureThreshold: 1 })
      await breaker.call(down).catch(() => {})
      let asked = 0
      await retry(() => (asked++, breaker.call(down)), { wait: 1 }).catch(() => {})
      return asked
    },
  },
  {
    page: 'cockatiel', claim: 'opens above the threshold, here at the rate', gives: [6, 5],
    theirs: () => {
      const breaker = cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: 60_000, breaker: new cockatiel.CountBreaker({ size: 20, threshold: 0.5, minimumNumberOfCalls: 10 }) })
      return opensAt(() => breaker.execute(well), () => breaker.execute(down), () => breaker.state === cockatiel.CircuitState.Open)
    },
    ours: () => {
      const breaker = new CircuitBreaker({ trip: countWindow({ size: 20, failureRate: 0.5, minimumCalls: 10 }) })
      return opensAt(() => breaker.call(well), () => breaker.call(down), () => breaker.state === 'open')
    },
  },
  {
    page: 'cockatiel', claim: 'an abort in a wait: the wait ends first, not here', gives: ['not ended', 'left'],
    theirs: () => abortion((signal) => cockatiel.retry(cockatiel.handleAll, { maxAttempts: 2, backoff: new cockatiel.ConstantBackoff(500) }).execute(down, signal)),
    ours: () => abortion((signal) => retry(down, { wait: 500, signal })),
  },
  {
    page: 'cockatiel', claim: 'bulkhead(1, 1) is limit({ concurrency: 1, queue: 1 }): the third is refused', gives: ['BulkheadRejectedError', 'LimitError'],
    theirs: async () => {
      const bulkhead = cockatiel.bulkhead(1, 1)
      for (let i = 0; i < 2; i++) void bulkhead.execute(() => new Promise(() => {}))
      return bulkhead.execute(well).catch((error) => error.constructor.name)
    },
    ours: async () => {
      const bulkhead = new Limit({ concurrency: 1, queue: 1 })
      for (let i = 0; i < 2; i++) void bulkhead.call(() => new Promise(() => {}))
      return bulkhead.call(well).catch((error) => error.name)
    },
  },
  {
    page: 'opossum', claim: 'opens above the percentage, here at the rate', gives: [6, 5],
    theirs: () => {
      const breaker = new Opossum((fn) => fn(), { errorThresholdPercentage: 50, volumeThreshold: 10, resetTimeout: 60_000 })
      return opensAt(() => breaker.fire(well), () => breaker.fire(down), () => breaker.opened).finally(() => breaker.shutdown())
    },
    ours: () => {
      const breaker = new CircuitBreaker({ trip: countWindow({ size: 20, failureRate: 0.5, minimumCalls: 10 }) })
      return opensAt(() => breaker.call(well), () => breaker.call(down), () => breaker.state === 'open')
    },
  },
  {
    page: 'opossum', claim: 'fallback(fn) is .catch(fn)', gives: ['nobody', 'nobody'],
    theirs: async () => {
      const breaker = new Opossum(down)
      breaker.fallback(() => 'nobody')
      return breaker.fire().finally(() => breaker.shutdown())
    },
    ours: () => new CircuitBreaker().call(down).catch(() => 'nobody'),
  },
  {
    page: 'axios-retry', claim: 'retries: 3 is maxTries: 4', gives: [4, 4],
    theirs: () => requests(503, (url) => client({ retries: 3 }).get(url)),
    ours: () => requests(503, (url) => createFetch({ maxTries: 4, wait: 1 })(url)),
  },
  {
    page: 'axios-retry', claim: 'a POST is not retried after a 503', gives: [1, 1],
    theirs: () => requests(503, (url) => client({ retries: 3 }).post(url)),
    ours: () => requests(503, (url) => createFetch({ wait: 1 })(url, { method: 'POST' })),
  },
  {
    page: 'got-and-ky', claim: "ky's limit: 3 is maxTries: 4", gives: [4, 4],
    theirs: () => requests(503, (url) => ky(url, { retry: { limit: 3, delay: () => 1 } })),
    ours: () => requests(503, (url) => createFetch({ maxTries: 4, wait: 1 })(url)),
  },
  {
    page: 'got-and-ky', claim: "got's limit: 3 is maxTries: 4", gives: [4, 4],
    theirs: () => requests(503, (url) => got(url, { retry: { limit: 3, calculateDelay: ({ computedValue }) => computedValue && 1 } })),
    ours: () => requests(503, (url) => createFetch({ maxTries: 4, wait: 1 })(url)),
  },
]
