import { CircuitBreaker } from '@backon/breaker'
import { type Options, retry, sleep } from '@backon/core'
import { get } from './get.ts'
import { ok, type Server, unavailable } from './server.ts'
import { paint, type Timeline } from './timeline.ts'

/** Calls a server that is down for a while: the breaker opens, probes in vain, probes again, closes. */
export const breakerScene = async (server: Server, timeline: Timeline): Promise<void> => {
  const breaker = new CircuitBreaker({ name: 'billing', failureThreshold: 3, recoveryTimeout: 700 })
  const policy: Options = { name: 'billing', wait: 100, jitter: null, maxTries: 2, use: [breaker] }
  timeline.say(paint.bold('Circuit breaker: leave a server alone that is down'))
  timeline.say(paint.dim('  opens after 3 failures in a row, lets one probe through after 700 ms'))
  timeline.say(paint.dim('  each call: at most 2 attempts, 100 ms apart\n'))

  const down = unavailable()
  server.script('/billing', down, down, down, down, ok)
  const call = () => retry(({ signal }) => get(`${server.url}/billing`, signal), policy).catch(() => {})

  for (let i = 0; i < 3; i++) await call()
  for (let i = 0; i < 2; i++) {
    // A timer may fire a millisecond early, and then the probe would be refused.
    await sleep(breaker.retryAfter + 5)
    await call()
  }
  await call()
}
