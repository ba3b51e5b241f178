import { CircuitBreaker } from '@backon/breaker'
import { sleep } from '@backon/core'
import { createFetch, isHttpFailure } from '@backon/fetch'
import { ok, type Server, unavailable } from './server.ts'
import { paint, type Timeline } from './timeline.ts'

const maxTries = 2

/** Calls a server that is down for a while: the breaker opens, probes in vain, probes again, closes. */
export const breakerScene = async (server: Server, timeline: Timeline): Promise<string> => {
  const breaker = new CircuitBreaker({ name: 'billing', failureThreshold: 3, recoveryTimeout: 700, isFailure: isHttpFailure })
  const http = createFetch({ name: 'billing', wait: 100, maxTries, use: [breaker] })
  timeline.say(paint.bold('Circuit breaker: leave a server alone that is down'))
  timeline.say(paint.dim('  opens after 3 failures in a row, lets one probe through after 700 ms'))
  timeline.say(paint.dim(`  each call: at most ${maxTries} attempts, 100 ms apart\n`))

  const down = unavailable()
  server.script('/billing', down, down, down, down, ok)
  let calls = 0
  const call = async (): Promise<void> => {
    calls += 1
    await http(`${server.url}/billing`).then((response) => response.text(), () => {})
  }
  // A timer may fire a millisecond early, and then the probe would be refused.
  const untilProbe = (): Promise<void> => sleep(breaker.retryAfter + 5)

  const before = server.requests
  await call()
  await call()
  // Everybody else who wants something of it meanwhile.
  for (let i = 0; i < 20; i++) await call()
  await untilProbe()
  await call()
  const spared = calls * maxTries - (server.requests - before)

  await untilProbe()
  await call()
  return `breaker: ${spared} of ${calls * maxTries} requests spared to a server that was down`
}
