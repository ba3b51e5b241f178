import { CircuitBreaker, timeWindow } from '@backon/breaker'
import {
  constant, decay, decorrelated, equalJitter, expo, fibo, fullJitter, type Jitter, type Options, type Plugin, randomJitter, retryAfter, timeout, type Wait,
  waitExponentialJitter, waitIncrementing, waitRandom, waitRandomExponential,
} from '@backon/core'
import { hedging } from '@backon/hedge'
import { RetryBudget } from '@backon/limit'
import { type Settings, strategies, type Strategy } from './settings.ts'

const jitters: Record<string, Jitter | null> = { fullJitter, equalJitter, randomJitter, null: null }
const waits: Record<Strategy, (options: any) => Wait> = {
  expo, fibo, decay, decorrelated, waitIncrementing, waitRandom, waitRandomExponential, waitExponentialJitter,
  constant: ({ interval }) => constant(interval),
  retryAfter: ({ fallback, max }) => retryAfter({ fallback: expo({ factor: fallback }), max }),
}

/** The options of the chosen strategy that are given, by their names in the library. */
export function waitOptions(settings: Settings): Record<string, number> {
  const strategy = settings.wait as Strategy
  const given = Object.keys(strategies[strategy]).map((name) => [name, settings[`${strategy}.${name}`] as number] as const)
  return Object.fromEntries(given.filter(([, value]) => !Number.isNaN(value)))
}

function breakerOf(settings: Settings): CircuitBreaker {
  const { trip, failureThreshold, failureRate, window, minimumCalls, recoveryTimeout } = settings as Record<string, number>
  const opens = (trip as unknown) === 'share' ? { trip: timeWindow({ duration: window!, failureRate: failureRate! / 100, minimumCalls: minimumCalls! }) } : { failureThreshold: failureThreshold! }
  return new CircuitBreaker({ ...opens, recoveryTimeout: recoveryTimeout!, name: 'service' })
}

export interface Policy {
  readonly wait: Wait
  readonly jitter: Jitter | null
  readonly breaker: CircuitBreaker | undefined
  /** What each call is made with. */
  readonly options: Options
}

/** Builds what was chosen. Throws what the library has to say about it. */
export function buildPolicy(settings: Settings, watcher?: Plugin): Policy {
  const wait = waits[settings.wait as Strategy](waitOptions(settings))
  const jitter = jitters[settings.jitter as string] ?? null
  const given = (name: string): number | undefined => (Number.isNaN(settings[name]) ? undefined : (settings[name] as number))
  const breaker = settings.breaker ? breakerOf(settings) : undefined
  const budget = settings.budget ? new RetryBudget({ ratio: (settings.ratio as number) / 100, credit: settings.credit as number, name: 'service' }) : undefined
  const hedge = settings.hedge ? hedging({ wait: settings.hedgeWait as number, maxHedge: settings.maxHedge as number, budget }) : undefined
  const limit = given('timeout')
  const use = [watcher, budget, breaker, limit === undefined ? undefined : timeout(limit), hedge].filter((plugin) => plugin !== undefined)
  return { wait, jitter, breaker, options: { wait, jitter, maxTries: settings.maxTries as number, maxTime: given('maxTime'), use } }
}
