import { load } from '../packages.mjs'
import { loop, ok } from './loop.mjs'

const core = () => load('core')

export const title = 'Success at once'
export const group = 'core'
export const baseline = () => () => loop(ok)

export const rows = [
  { name: 'hand-written loop', make: () => () => loop(ok) },
  {
    name: 'cockatiel',
    async make() {
      const { ConstantBackoff, handleAll, retry } = await import('cockatiel')
      const policy = retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(0) })
      return () => policy.execute(ok)
    },
  },
  {
    name: 'p-retry',
    async make() {
      const { default: pRetry } = await import('p-retry')
      return () => pRetry(ok, { retries: 3, minTimeout: 0 })
    },
  },
  {
    name: '@lifeomic/attempt',
    async make() {
      const { retry } = await import('@lifeomic/attempt')
      return () => retry(ok, { maxAttempts: 4, delay: 0 })
    },
  },
  {
    name: 'effect',
    async make() {
      const { Effect } = await import('effect')
      return () => Effect.runPromise(Effect.retry(Effect.tryPromise(ok), { times: 3 }))
    },
  },
  {
    name: 'async-retry',
    async make() {
      const { default: retry } = await import('async-retry')
      return () => retry(ok, { retries: 3, minTimeout: 0, randomize: false })
    },
  },
  {
    name: 'backon: prepared Retrying, call(fn)',
    target: 4,
    async make() {
      const { Retrying } = await core()
      const retrying = new Retrying({ maxTries: 3, wait: 0 })
      return () => retrying.call(ok)
    },
  },
  {
    name: 'backon: prepared Retrying, run(operation)',
    target: 4,
    async make() {
      const { Retrying } = await core()
      const retrying = new Retrying({ maxTries: 3, wait: 0 })
      return () => retrying.run(ok)
    },
  },
  {
    name: 'backon: function wrapped by onException',
    target: 1.25,
    async make() {
      const { onException } = await core()
      return onException(0, Error, { maxTries: 3 })(ok)
    },
  },
  {
    name: 'backon: inline { maxTries, wait }',
    target: 1.4,
    async make() {
      const { retry } = await core()
      return () => retry(ok, { maxTries: 3, wait: 0 })
    },
  },
  {
    name: 'backon: inline { exception, maxTries, wait: expo }',
    async make() {
      const { expo, retry } = await core()
      const wait = expo({ factor: 100 })
      return () => retry(ok, { exception: TypeError, maxTries: 5, wait })
    },
  },
  {
    name: 'backon: no options',
    async make() {
      const { retry } = await core()
      return () => retry(ok)
    },
  },
  {
    name: 'backon: one plugin that wraps',
    target: 1.8,
    async make() {
      const { onException } = await core()
      const plugin = { wrap: (next) => (attempt) => next(attempt) }
      return onException(0, Error, { maxTries: 3, use: [plugin] })(ok)
    },
  },
  {
    name: 'backon: one handler (onSuccess)',
    target: 5,
    async make() {
      const { onException } = await core()
      return onException(0, Error, { maxTries: 3, onSuccess: () => {} })(ok)
    },
  },
  {
    name: 'backon: maxTime',
    target: 10,
    async make() {
      const { onException } = await core()
      return onException(0, Error, { maxTries: 3, maxTime: 10_000 })(ok)
    },
  },
  {
    name: 'backon: one async handler (onSuccess)',
    async make() {
      const { onException } = await core()
      return onException(0, Error, { maxTries: 3, onSuccess: async () => {} })(ok)
    },
  },
  {
    name: 'backon: signal',
    async make() {
      const { onException } = await core()
      return onException(0, Error, { maxTries: 3, signal: new AbortController().signal })(ok)
    },
  },
  {
    name: 'backon: signal, and the attempt reads its own',
    async make() {
      const { Retrying } = await core()
      const retrying = new Retrying({ maxTries: 3, signal: new AbortController().signal })
      return () => retrying.run(async (attempt) => (attempt.signal.aborted ? 0 : 1))
    },
  },
  {
    name: 'backon: a plugin that wraps, given inline',
    async make() {
      const { retry } = await core()
      const plugin = { timeless: true, wrap: (next) => (attempt) => next(attempt) }
      return () => retry(ok, { use: [plugin] })
    },
  },
  {
    name: 'backon: breaker, given inline',
    target: 3.5,
    async make() {
      const { retry } = await core()
      const { CircuitBreaker } = await load('breaker')
      const breaker = new CircuitBreaker()
      return () => retry(ok, { use: [breaker] })
    },
  },
  {
    name: 'backon: hedging, given inline',
    target: 6,
    async make() {
      const { retry } = await core()
      const { hedging } = await load('hedge')
      const plugin = hedging({ wait: 1_000 })
      return () => retry(ok, { use: [plugin] })
    },
  },
  {
    name: 'backon: prometheusMetrics, given inline',
    target: 9,
    async make() {
      const { retry } = await core()
      const { prometheusMetrics } = await load('metrics-prometheus')
      const { Registry } = await import('prom-client')
      const plugin = prometheusMetrics({ register: new Registry() })
      return () => retry(ok, { use: [plugin], name: 'bench' })
    },
  },
]
