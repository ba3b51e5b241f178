import { type Attempt, type Clock, type Options, override, retry } from '@backon/core'
import { Agenda } from '../clock/agenda.ts'
import { invalid, nonNegative, optionsOf } from '@backon/core/kit'
import { randomFrom } from '../random.ts'
import { enter, inside } from '../scope.ts'
import { modelService, type Service } from './service.ts'
import { turn } from '../clock/turn.ts'
import { Tally, type Total } from './tally.ts'

/** When calls are made. */
export type Arrival =
  /** So many calls a second in all, at random moments (a Poisson process), whatever becomes of the earlier ones. */
  | { rate: number }
  /** Each client makes its next call that many ms after its last one has ended, give or take the half. */
  | { pause: number }
  /** Each client makes one call, all at once. */
  | 'once'

/** What to simulate. Times are in ms. */
export interface SimulateOptions {
  /** How many clients make calls. */
  clients: number
  /** For how long they begin new calls. */
  duration: number
  /** Default a pause of 1,000 ms. */
  arrival?: Arrival
  /** What they call: a model of a service, or a function of your own that lives by core's clock (`sleep`) and random numbers (`random`). */
  service: Service | ((attempt: Attempt, client: number) => unknown)
  /** How they retry: options that all share, or a function asked once a client. Default core's defaults; `{ maxTries: 1 }` for no retry. */
  policy?: Options | ((client: number) => Options)
  /** Same seed, same result. Default 1. */
  seed?: number
  /** How long after `duration` the calls under way may still take. Default 60,000. */
  drain?: number
}

/** One second of a simulation, or all of it. */
export type { Total } from './tally.ts'

/** What came of it. */
export interface Simulation {
  /** Second by second: a call counts in the second in which it began, a request when it reached the service, an end when it came. */
  readonly seconds: readonly (Total & { readonly second: number })[]
  readonly total: Total & {
    /** Calls that had not ended when the simulation did. */
    readonly unfinished: number
    /** When the last call ended. */
    readonly ended: number
  }
}

// Taken when this file loads, as fake timers may stand in for them later.
const { process: node, queueMicrotask } = globalThis as any
const nextTick: ((callback: () => void) => void) | undefined = node?.nextTick?.bind(node)

/** Calls back once all microtasks have run. Node has a queue for just that, which is ten times faster than a turn of the event loop. */
const quiet: (callback: () => void) => void = nextTick ? (callback) => queueMicrotask(() => nextTick(callback)) : (callback) => void turn().then(callback)

/** Fires timer after timer until none is left, or none that is due in time. Now and then the real event loop gets its turn. */
const play = (agenda: Agenda, until: number, fire: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    let steps = 0
    const step = (): void => {
      const { first } = agenda
      if (!first || first.due > until) return resolve()
      try {
        fire()
      } catch (error) {
        return reject(error)
      }
      if (++steps % 10_000 === 0) void turn().then(step)
      else quiet(step)
    }
    quiet(step)
  })

/**
 * Plays many clients against a modelled service, in virtual time, and counts what happens: to see what a policy does in
 * an outage or under overload before production does. Everything is drawn from `seed`. A million calls take some seconds.
 *
 * @example
 * ```ts
 * const { total } = await simulate({ clients: 1_000, duration: 30_000, service: { failureRate: 0.1 }, policy: { maxTries: 3 } })
 * total.requests / total.calls // how much the retries add
 * ```
 */
export const simulate = async (options: SimulateOptions): Promise<Simulation> => {
  const { clients, duration, arrival = { pause: 1_000 }, service, policy = {}, seed = 1, drain = 60_000 } =
    optionsOf('simulate', options, ['clients', 'duration', 'arrival', 'service', 'policy', 'seed', 'drain'])
  if (!(Number.isInteger(clients) && clients > 0)) invalid('clients', 'an integer of 1 or more', clients)
  nonNegative({ duration, drain })

  let now = 0
  let order = 0
  const agenda = new Agenda()
  const clock: Clock = {
    now: () => now,
    setTimeout: (callback, ms) => agenda.add(now + (ms > 0 ? ms : 0), order++, callback),
    clearTimeout: (entry) => entry && agenda.remove(entry),
    // A service of your own may call synchronously: its waits pass, and what was due meanwhile is late.
    block: (ms) => void (now += ms),
  }
  // Apart from each other, so that a policy that draws more often does not change what happens to it.
  const [arrivals, services, jitters] = [randomFrom(seed), randomFrom(seed + 1), randomFrom(seed + 2)]

  const tally = new Tally()
  const serve = typeof service === 'function' ? service : modelService(service, clock, services)
  const policies: Options[] = []
  const operations = Array.from({ length: clients }, (_, client) => (attempt: Attempt): unknown => {
    tally.request(now)
    return serve(attempt, client)
  })

  const call = (client: number, then?: () => void): void => {
    const began = now
    tally.call(now)
    const ended = (succeeded: boolean) => (): void => {
      tally.end(now, now - began, succeeded)
      then?.()
    }
    retry(operations[client]!, policies[client]).then(ended(true), ended(false))
  }

  const begin = (): void => {
    if (arrival === 'once') for (let client = 0; client < clients; client++) call(client)
    else if ('rate' in arrival) {
      if (!(arrival.rate > 0)) invalid('arrival.rate', 'a number above 0', arrival.rate)
      const next = (): void => {
        clock.setTimeout(() => {
          if (now >= duration) return
          call(Math.floor(arrivals() * clients))
          next()
        }, (-Math.log(1 - arrivals()) * 1_000) / arrival.rate)
      }
      next()
    } else {
      nonNegative({ 'arrival.pause': arrival.pause })
      const again = (client: number, ms: number): void => {
        clock.setTimeout(() => {
          if (now < duration) call(client, () => again(client, arrival.pause * (0.5 + arrivals())))
        }, ms)
      }
      // The first calls are spread over a pause: clients did not all start at the same moment.
      for (let client = 0; client < clients; client++) again(client, arrival.pause * arrivals())
    }
  }

  const scope = {}
  const forced = { clock, random: jitters }
  const off = override(() => (inside(scope) ? forced : undefined))
  try {
    await enter(scope, () => {
      // What a policy is made of, a budget or a breaker, begins in virtual time.
      for (let client = 0; client < clients; client++) policies.push(typeof policy === 'function' ? policy(client) : policy)
      begin()
      return play(agenda, duration + drain, () => {
        const entry = agenda.first!
        agenda.remove(entry)
        now = Math.max(now, entry.due)
        entry.callback()
      })
    })
  } finally {
    off()
  }
  return tally.result()
}
