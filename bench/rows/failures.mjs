import { load } from '../packages.mjs'
import { failsThreeTimes, loop } from './loop.mjs'

export const title = 'Three failures, then success, no waits'
export const group = 'core'
export const baseline = () => {
  const fn = failsThreeTimes()
  return () => loop(fn)
}

export const rows = [
  { name: 'hand-written loop', make: baseline },
  {
    name: 'cockatiel (has no wait below 1 ms)',
    async make() {
      const { ConstantBackoff, handleAll, retry } = await import('cockatiel')
      const policy = retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(0) })
      const fn = failsThreeTimes()
      return { call: () => policy.execute(fn), calls: 1 }
    },
  },
  {
    name: 'p-retry',
    async make() {
      const { default: pRetry } = await import('p-retry')
      const fn = failsThreeTimes()
      return () => pRetry(fn, { retries: 3, minTimeout: 0 })
    },
  },
  {
    name: 'effect',
    async make() {
      const { Effect } = await import('effect')
      const fn = failsThreeTimes()
      return () => Effect.runPromise(Effect.retry(Effect.tryPromise(fn), { times: 3 }))
    },
  },
  {
    name: 'backon: prepared Retrying, call(fn)',
    target: 1.1,
    async make() {
      const { Retrying } = await load('core')
      const retrying = new Retrying({ maxTries: 4, wait: 0 })
      const fn = failsThreeTimes()
      return () => retrying.call(fn)
    },
  },
  {
    name: 'backon: function wrapped by onException',
    target: 1.1,
    async make() {
      const { onException } = await load('core')
      return onException(0, Error, { maxTries: 4 })(failsThreeTimes())
    },
  },
  {
    name: 'backon: inline { maxTries, wait }',
    target: 1.1,
    async make() {
      const { retry } = await load('core')
      const fn = failsThreeTimes()
      return () => retry(fn, { maxTries: 4, wait: 0 })
    },
  },
]
