import { clock, type Options, type Plugin, random, retry, timeout } from '@backon/core'
import { simulate } from '@backon/testing'

/** A server of fixed rate, and how much is asked of it. Times are in ms. */
export interface Scene {
  readonly clients: number
  /** Requests that the server answers in a second. */
  readonly capacity: number
  /** Requests that may wait at it; above, it answers 503. It does not notice that a client has given up. */
  readonly queue: number
  /** Calls that the clients make in a second, and while the overload lasts. */
  readonly normal: number
  readonly high: number
  readonly from: number
  readonly to: number
  readonly end: number
  /** What an attempt may take. */
  readonly perAttempt: number
  /** How the clients retry. */
  readonly retries: Options
}

/** What happened in a second: a success counts when it comes. */
export interface Second {
  calls: number
  requests: number
  successes: number
}

const busy = Object.assign(new Error('busy'), { status: 503 })

/** Plays it, each client with plugins of its own, the first outermost; second by second. */
export const overload = async (scene: Scene, stack: () => readonly Plugin[], seed: number): Promise<Second[]> => {
  const { clients, capacity, queue, normal, high, from, to, end, perAttempt, retries } = scene
  const seconds: Second[] = []
  const now = (): Second => (seconds[Math.floor(clock().now() / 1_000)] ??= { calls: 0, requests: 0, successes: 0 })
  let free = 0
  const serve = (): Promise<string> => {
    now().requests++
    const time = clock()
    const begins = Math.max(free, time.now())
    if ((begins - time.now()) * capacity >= queue * 1_000) return Promise.reject(busy)
    free = begins + 1_000 / capacity
    const answer = free + 20 - time.now()
    return new Promise((resolve) => time.setTimeout(() => resolve('ok'), answer))
  }
  const policies = Array.from({ length: clients }, (): Options => ({ ...retries, use: [...stack(), timeout(perAttempt)] }))
  await simulate({
    clients, seed, duration: end, arrival: { rate: high }, policy: { maxTries: 1 },
    service: (_, client) => {
      const time = clock().now()
      // Outside of the overload some calls are left out: what remains of a Poisson process is one.
      if ((time < from || time >= to) && random() >= normal / high) return undefined
      now().calls++
      return retry(serve, policies[client]).then(() => void now().successes++, () => {})
    },
  })
  return Array.from({ length: end / 1_000 }, (_, second) => seconds[second] ?? { calls: 0, requests: 0, successes: 0 })
}

/** The seconds from the end of the overload until five in a row in which 95 % get an answer, of the calls or of the requests. */
export const recovery = (seconds: readonly Second[], { to }: Scene, of: 'calls' | 'requests'): number => {
  const after = seconds.slice(to / 1_000)
  const at = after.findIndex((_, second) => second + 5 <= after.length && after.slice(second, second + 5).every((one) => one.successes >= 0.95 * one[of]))
  return at < 0 ? Infinity : at
}
