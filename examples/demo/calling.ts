import { equalJitter, expo } from '@backon/core'
import { createFetch } from '@backon/fetch'
import { notFound, ok, reset, type Server, slow, unavailable } from './server.ts'
import { paint, type Timeline } from './timeline.ts'

/** What the program asks for: seven requests to a server that has every bad habit. */
const requests: readonly (readonly [name: string, init?: RequestInit])[] = [
  ['menu'],
  ['orders'],
  ['stock'],
  ['prices'],
  ['missing'],
  ['archive'],
  ['payments', { method: 'POST', body: '9.95' }],
  ['refunds', { method: 'POST', body: '9.95', headers: { 'idempotency-key': 'refund-17' } }],
]

const misbehave = (server: Server): void => {
  server.script('/menu', ok)
  server.script('/orders', unavailable(1), ok)
  server.script('/stock', reset, reset, ok)
  server.script('/prices', slow(2_000), ok)
  server.script('/missing', notFound)
  server.script('/archive', unavailable(120))
  server.script('/payments', unavailable(), ok)
  server.script('/refunds', unavailable(), reset, ok)
}

/** Runs the program with a `fetch`; says how many requests got what they were for. */
const run = async (server: Server, fetchOf: (name: string) => typeof fetch, tell?: (name: string, outcome: string, took: number) => void): Promise<number> => {
  misbehave(server)
  let good = 0
  for (const [name, init] of requests) {
    const began = performance.now()
    let outcome: string
    try {
      const response = await fetchOf(name)(`${server.url}/${name}`, init)
      await response.text()
      outcome = `${response.status} ${response.statusText}`
      good += Number(response.ok)
    } catch (error: any) {
      outcome = error.cause?.code === 'ECONNRESET' ? 'connection reset' : String(error.message)
    }
    tell?.(name, outcome, performance.now() - began)
  }
  return good
}

/** Runs the same program twice: with plain fetch, and with one that survives. */
export const fetchScene = async (server: Server, timeline: Timeline): Promise<string> => {
  timeline.say(paint.bold('Before: plain fetch'))
  timeline.say()
  const before = await run(server, () => fetch, (name, outcome, took) => timeline.request(name, outcome, took))

  timeline.say()
  timeline.say(paint.bold('After: the same program, with createFetch'))
  timeline.say(paint.dim('  waits as long as Retry-After asks, up to 5 s; else 200, 400, 800 ms with jitter'))
  timeline.say(paint.dim('  at most 4 attempts of 400 ms each, and 4 s in all\n'))
  const http = createFetch({
    wait: expo({ factor: 200 }),
    jitter: equalJitter,
    maxRetryAfter: 5_000,
    maxTries: 4,
    maxTime: 4_000,
    timeout: 400,
  })
  const after = await run(server, (name) => (url, init) => http(url, { ...init, retry: { name } }))

  timeline.say()
  timeline.say(paint.dim('  missing: a 404 is an answer. archive: the server asks for 120 s, more than 5 s.'))
  timeline.say(paint.dim('  payments: a POST may have been processed, so it is not sent twice. refunds: it has an Idempotency-Key.'))
  return `fetch: ${before} of ${requests.length} requests succeeded, now ${after} of ${requests.length}`
}
