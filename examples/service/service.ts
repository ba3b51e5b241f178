import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { CircuitBreaker, CircuitOpenError, countWindow } from '@backon/breaker'
import { expo, Retrying } from '@backon/core'
import { hedging, latencyPercentile } from '@backon/hedge'
import { RetryBudget } from '@backon/limit'
import { register } from 'prom-client'

/** Answers `/items/1` with what the upstream says, and `/metrics`. Metrics and tracing are none of its business: they join with `use()`, see main.ts. */
export const createService = (upstream: string): Server => {
  const breaker = new CircuitBreaker({
    name: 'inventory',
    trip: countWindow({ size: 20, failureRate: 0.6, minimumCalls: 10 }),
    recoveryTimeout: 300,
  })
  // One allowance for retries and further copies together: an outage gets few of either.
  const budget = new RetryBudget({ name: 'inventory' })
  const policy = new Retrying({
    name: 'inventory.get',
    wait: expo({ factor: 20, maxValue: 200 }),
    maxTries: 4,
    maxTime: 2_000,
    // From the outside in: an open circuit refuses an attempt before a copy of it is made.
    use: [budget, breaker, hedging({ wait: latencyPercentile(90, { fallback: 60 }), maxHedge: 2, maxExtraLoad: 0.05, budget })],
  })

  /** `user` aborts when the user has left: nobody asks the upstream on his behalf any more. */
  const getItem = (path: string, user: AbortSignal): Promise<string> =>
    policy.run(
      async ({ signal }) => {
        const response = await fetch(upstream + path, { signal })
        if (!response.ok) throw new UpstreamError(`${response.status} of ${path}`)
        return response.text()
      },
      { signal: user },
    )

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const left = new AbortController()
    response.on('close', () => left.abort())
    try {
      if (request.url === '/metrics') response.setHeader('content-type', register.contentType).end(await register.metrics())
      else response.setHeader('content-type', 'application/json').end(await getItem(request.url!, left.signal))
    } catch (error) {
      if (error instanceof CircuitOpenError) response.setHeader('retry-after', Math.ceil(error.retryAfter / 1_000))
      response.writeHead(503).end()
    }
  }
  return createServer((request, response) => void answer(request, response))
}

class UpstreamError extends Error {}
