import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { CircuitBreaker, CircuitOpenError, countWindow } from '@backon/breaker'
import { expo, type Options, retry } from '@backon/core'
import { hedging, latencyPercentile } from '@backon/hedge'
import { register } from 'prom-client'

/** Answers `/items/1` with what the upstream says, and `/metrics`. Metrics and tracing are none of its business: they join with `use()`, see main.ts. */
export const createService = (upstream: string): Server => {
  const breaker = new CircuitBreaker({
    name: 'inventory',
    trip: countWindow({ size: 20, failureRate: 0.6, minimumCalls: 10 }),
    recoveryTimeout: 300,
  })
  const policy: Options = {
    name: 'inventory.get',
    wait: expo({ factor: 20, maxValue: 200 }),
    maxTries: 4,
    maxTime: 2_000,
    // From the outside in: an open circuit refuses an attempt before a copy of it is made.
    use: [breaker, hedging({ wait: latencyPercentile(90, { fallback: 60 }), maxHedge: 2, maxExtraLoad: 0.05 })],
  }

  const getItem = (path: string): Promise<string> =>
    retry(async ({ signal }) => {
      const response = await fetch(upstream + path, { signal })
      if (!response.ok) throw new UpstreamError(`${response.status} of ${path}`)
      return response.text()
    }, policy)

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      if (request.url === '/metrics') response.setHeader('content-type', register.contentType).end(await register.metrics())
      else response.setHeader('content-type', 'application/json').end(await getItem(request.url!))
    } catch (error) {
      if (error instanceof CircuitOpenError) response.setHeader('retry-after', Math.ceil(error.retryAfter / 1_000))
      response.writeHead(503).end()
    }
  }
  return createServer((request, response) => void answer(request, response))
}

class UpstreamError extends Error {}
