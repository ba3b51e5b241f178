import { CircuitBreaker, type CircuitBreakerOptions, countWindow, timeWindow } from '@backon/breaker'
import { abortLeftovers, type Options, type Plugin, retry, retryAfter, Retrying, timeout } from '@backon/core'
import { hedge, type HedgeOptions, hedging, latencyPercentile } from '@backon/hedge'
import { aimd, type Limit, limit, RetryBudget, type Throttle, throttle } from '@backon/limit'
import { otelMetrics, otelTracing } from '@backon/metrics-otel'
import { prometheusMetrics } from '@backon/metrics-prometheus'
import { Registry } from 'prom-client'
import type { Dice } from './dice.ts'
import type { Reach } from './service.ts'
import { meterThatAdds, tracerThatCounts } from './telemetry.ts'

export const kinds = ['retry', 'breaker', 'hedge', 'timeout', 'budget', 'limit', 'throttle', 'metrics', 'tracing', 'abortLeftovers'] as const
export type Kind = (typeof kinds)[number]

/** Those that only watch, or act on what has failed already: without them everything happens at the same moments. */
export const watching: readonly Kind[] = ['metrics', 'tracing', 'abortLeftovers']

/** Those of which a call can be given to an object instead: `breaker.call(fn)`. */
export const calling: readonly Kind[] = ['breaker', 'limit', 'throttle']

export type Next = (reach: any) => unknown

/** A layer, and what it says of itself. */
export interface Layer {
  readonly kind: Kind
  /** `head`: a call of its own, with plugins. `plugin`: among the plugins of the head before it. `call`: the method of an object, outside a call. */
  readonly form: 'head' | 'plugin' | 'call'
  /** Where the same object stands further out. */
  readonly same?: number
  readonly plugin?: Plugin
  /** Runs what is inside: of a head with its plugins. */
  readonly run?: (next: Next, reach: Reach, use: readonly Plugin[]) => unknown
  readonly breaker?: CircuitBreaker
  readonly limit?: Limit
  readonly throttle?: Throttle
  /** A limit whose slots are held until the service has ended. */
  readonly holds?: boolean
  readonly budget?: RetryBudget
  /** What it started with. */
  readonly credit?: number
  /** A retry or a hedge that asks this budget before it starts anything more. */
  readonly pays?: RetryBudget | undefined
  readonly waitsForHints?: boolean
  /** The bounds on time in it. */
  readonly mayTimeOut: boolean
  /** What it has told of itself, by its own hooks. */
  readonly told: { refusals: number; copies: number; learned: number; opened: unknown[]; discarded: unknown[] }
  /** What was counted, by the names of @backon/metrics-prometheus. */
  readonly counted?: () => Promise<ReadonlyMap<string, number>>
  /** Spans that were started, and how often each was ended. */
  readonly spans?: readonly { ended: number }[]
}

/** What is judged a failure among values. */
const isWrong = (value: any): boolean => value?.wrong === true
const judges = ({ value, exception }: { value?: unknown; exception?: unknown }): boolean => exception !== undefined || isWrong(value)

/** Makes a layer of a kind, its options drawn. `watcher` stands among the plugins of a call that it begins. `shared` is a budget for hedges. */
export const layerOf = (kind: Kind, form: Layer['form'], dice: Dice, watcher: Plugin, shared: RetryBudget | undefined, tries?: number): Layer => {
  const told: Layer['told'] = { refusals: 0, copies: 0, learned: 0, opened: [], discarded: [] }
  const refused = (): void => void told.refusals++
  const common = { kind, form, told, mayTimeOut: false }
  switch (kind) {
    case 'retry': {
      const waitsForHints = dice.chance(0.7)
      const fallback = dice.pick([0, 10, 40])
      const options: Options = {
        name: 'users',
        maxTries: tries ?? dice.whole(2, 3),
        exception: Error,
        predicate: isWrong,
        wait: waitsForHints ? retryAfter({ fallback }) : fallback,
        jitter: null,
        maxTime: dice.chance(0.2) ? dice.whole(100, 900) : undefined,
        // One that fights: also what is refused, and what says that it will not get better.
        condition: dice.chance(0.15) ? judges : undefined,
      }
      const mayTimeOut = options.maxTime !== undefined
      if (form === 'plugin') return { ...common, mayTimeOut, waitsForHints, plugin: new Retrying({ ...options, use: [watcher] }) }
      const isPolicy = dice.chance(0.3)
      return {
        ...common, mayTimeOut, waitsForHints,
        run: (next, { signal }, use) => {
          const all = { ...options, use: [watcher, ...use] }
          return isPolicy ? new Retrying(all).run(next, { signal }) : retry(next, { ...all, signal })
        },
      }
    }
    case 'breaker': {
      const options: CircuitBreakerOptions = {
        name: 'users',
        failureThreshold: dice.whole(1, 3),
        trip: dice.pick([undefined, undefined, countWindow({ size: 4, minimumCalls: 2 }), timeWindow({ duration: 500, minimumCalls: 2, slowCall: { duration: 100, rate: 0.5 } })]),
        recoveryTimeout: dice.whole(30, 300),
        maxRecoveryTimeout: 2_000,
        halfOpenMaxCalls: dice.whole(1, 2),
        successThreshold: dice.whole(1, 2),
        probeTimeout: dice.pick([undefined, 100, 1_000]),
        isFailure: dice.chance(0.5) ? judges : undefined,
        onCircuitReject: refused,
        onCircuitOpen: ({ cause }) => void told.opened.push(cause),
      }
      const breaker = new CircuitBreaker(options)
      return { ...common, breaker, plugin: breaker, run: (next, reach) => breaker.call(next, reach) }
    }
    case 'hedge': {
      const learned = latencyPercentile(dice.pick([50, 90]), { window: 8, minimumSamples: 2, fallback: 15 })
      const wait = Object.assign((...given: Parameters<typeof learned>) => learned(...given), {
        timeless: learned.timeless, exact: true, observe: (latency: number) => (told.learned++, learned.observe(latency)),
      })
      const options: HedgeOptions = {
        wait: dice.pick([0, 5, 20, [10, 20], wait, wait]),
        maxHedge: dice.whole(2, 3),
        eager: dice.pick([undefined, false]),
        timeout: dice.chance(0.2) ? dice.whole(20, 150) : undefined,
        isFailure: dice.chance(0.5) ? judges : undefined,
        maxExtraLoad: dice.chance(0.1) ? 0.5 : undefined,
        budget: shared,
        onHedge: () => void told.copies++,
        onDiscard: (value) => void told.discarded.push(value),
      }
      const mayTimeOut = options.timeout !== undefined
      if (form === 'plugin') return { ...common, mayTimeOut, pays: shared, plugin: hedging(options) }
      return { ...common, mayTimeOut, pays: shared, run: (next, { signal }, use) => hedge(next, { ...options, name: 'users', signal, use: [watcher, ...use] }) }
    }
    case 'timeout':
      return { ...common, mayTimeOut: true, plugin: timeout(dice.pick([20, 60, 150])) }
    case 'budget': {
      const credit = dice.pick([0, 1, 10])
      const budget = new RetryBudget({ name: 'users', ratio: 0.25, credit, every: Infinity })
      return { ...common, budget, credit, plugin: budget }
    }
    case 'limit': {
      const release = dice.pick([undefined, 'settled'] as const)
      const one = limit({
        name: 'users',
        concurrency: dice.pick([1, 2, 3, aimd({ initial: 2 })]),
        rate: dice.chance(0.3) ? { calls: dice.whole(1, 4), per: dice.pick([20, 100]), burst: 1 } : undefined,
        queue: dice.whole(0, 3),
        maxWait: dice.pick([Infinity, 40]),
        release,
        onLimitReject: refused,
      })
      return { ...common, limit: one, holds: release === 'settled', plugin: one, run: (next, reach) => one.call(next, reach) }
    }
    case 'throttle': {
      const one = throttle({ name: 'users', minRequests: 3, window: dice.pick([400, 5_000]), onThrottleReject: refused })
      return { ...common, throttle: one, plugin: one, run: (next, reach) => one.call(next, reach) }
    }
    case 'metrics': {
      if (dice.chance(0.5)) {
        const { meter, counted } = meterThatAdds()
        return { ...common, plugin: otelMetrics({ meter }), counted }
      }
      const register = new Registry()
      return {
        ...common,
        plugin: prometheusMetrics({ register }),
        counted: async () => {
          const found = new Map<string, number>()
          for (const line of (await register.metrics()).split('\n')) {
            const [, name, value] = /^backon_(\w+?)(?:_total)?(?:\{.*\})? (\S+)$/.exec(line) ?? []
            if (name) found.set(name, (found.get(name) ?? 0) + Number(value))
          }
          return found
        },
      }
    }
    case 'tracing': {
      const { tracer, spans } = tracerThatCounts()
      return { ...common, plugin: otelTracing({ tracer }), spans }
    }
    case 'abortLeftovers':
      return { ...common, plugin: abortLeftovers() }
  }
}

export const isRefused = (error: any): boolean => error?.refused === true
/** When to come back, in ms, as the service says it. */
export const hintOf = (source: any, thrown: boolean): number | undefined =>
  source?.headers ? Number(source.headers['Retry-After']) * 1_000 : thrown ? source?.retryAfter : undefined
