import { CircuitBreaker } from '@backon/breaker'
import { retry, retryAfter, timeout } from '@backon/core'
import { Agent, type Dispatcher, errors, request } from 'undici'
import { scripted } from './scripted.mjs'

const server = await scripted({ status: 503, headers: { 'retry-after': '0' } }, { hang: true }, {})

// recipe: undici keeps the connections, `retry` decides.
const dispatcher = new Agent({ connections: 50, connect: { timeout: 2_000 } })
const breaker = new CircuitBreaker({
  name: 'users',
  isFailure: (details) => {
    if (!('exception' in details)) return (details.value as Dispatcher.ResponseData).statusCode >= 500
    return details.exception instanceof errors.InvalidArgumentError ? 'ignore' : true
  },
})

const response = await retry((attempt) => request(`${server.url}/users/1`, { dispatcher, signal: attempt.signal }), {
  // Said with `predicate`, because that alone would retry answers only.
  exception: Error,
  predicate: ({ statusCode }) => statusCode === 429 || statusCode >= 500,
  giveup: (error) => error instanceof errors.InvalidArgumentError,
  wait: retryAfter({ fallback: 10 }),
  use: [breaker, timeout(100)],
  // A body that nobody reads would keep its connection.
  onBackoff: ({ value }) => value?.body.dump(),
})
if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
const user = (await response.body.json()) as { name: string }
// end

console.log(user.name, server.seen.length, 'requests', breaker.state)
await dispatcher.destroy()
server.close()
// prints: Ada 3 requests closed
