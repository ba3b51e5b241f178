import { CircuitBreaker } from '@backon/breaker'
import { shareBreaker } from '@backon/breaker-redis'
import { sleep } from '@backon/core'
import { redisClient } from './redis-client.ts'

/** One process of a service: calls the upstream 50 times a second, through a breaker of its own or a shared one. */
export const work = async (upstream: string, process: string, redisPort: number | undefined): Promise<never> => {
  const breaker = new CircuitBreaker({ name: 'upstream', failureThreshold: 5, recoveryTimeout: 1_000 })
  const upstreamCircuit = redisPort ? shareBreaker(breaker, { client: redisClient(redisPort), key: 'upstream', refresh: 200 }) : breaker

  const load = async (): Promise<string> => {
    const response = await fetch(`${upstream}${process}`)
    if (!response.ok) throw new Error(`status ${response.status}`)
    return response.text()
  }
  for (;;) {
    await upstreamCircuit.call(load).catch(() => {})
    await sleep(20)
  }
}
