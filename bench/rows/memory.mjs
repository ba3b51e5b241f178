import { load } from '../packages.mjs'

const hour = 3_600_000

const error = new Error('not yet')
const fails = async () => {
  throw error
}

/** Each makes a function that starts a call which fails at once and then sleeps for an hour. The first is the yardstick. */
export const rows = [
  {
    name: 'hand-written loop with setTimeout',
    make: () =>
      async function loop() {
        for (;;) {
          try {
            return await fails()
          } catch {
            await new Promise((resolve) => setTimeout(resolve, hour))
          }
        }
      },
  },
  {
    name: 'cockatiel',
    async make() {
      const { ConstantBackoff, handleAll, retry } = await import('cockatiel')
      const policy = retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(hour) })
      return () => policy.execute(fails)
    },
  },
  {
    name: 'p-retry',
    async make() {
      const { default: pRetry } = await import('p-retry')
      return () => pRetry(fails, { retries: 3, minTimeout: hour })
    },
  },
  {
    name: '@lifeomic/attempt',
    async make() {
      const { retry } = await import('@lifeomic/attempt')
      return () => retry(fails, { maxAttempts: 4, delay: hour })
    },
  },
  {
    name: 'effect',
    async make() {
      const { Effect, Schedule } = await import('effect')
      const options = { times: 3, schedule: Schedule.spaced(hour) }
      return () => Effect.runPromise(Effect.retry(Effect.tryPromise(fails), options))
    },
  },
  {
    name: 'async-retry',
    async make() {
      const { default: retry } = await import('async-retry')
      return () => retry(fails, { retries: 3, minTimeout: hour, maxTimeout: hour, randomize: false })
    },
  },
  {
    name: 'backon: prepared Retrying, call(fn)',
    target: 1.6,
    async make() {
      const { Retrying } = await load('core')
      const retrying = new Retrying({ maxTries: 3, wait: hour, jitter: null })
      return () => retrying.call(fails)
    },
  },
  {
    name: 'backon: function wrapped by onException',
    target: 1.6,
    async make() {
      const { onException } = await load('core')
      return onException(hour, Error, { maxTries: 3, jitter: null })(fails)
    },
  },
  {
    name: 'backon: inline { maxTries, wait }',
    target: 1.6,
    async make() {
      const { retry } = await load('core')
      return () => retry(fails, { maxTries: 3, wait: hour, jitter: null })
    },
  },
  {
    name: 'backon: with a signal',
    async make() {
      const { Retrying } = await load('core')
      const retrying = new Retrying({ maxTries: 3, wait: hour, jitter: null, signal: new AbortController().signal })
      return () => retrying.call(fails)
    },
  },
  {
    name: 'backon: with maxTime',
    async make() {
      const { Retrying } = await load('core')
      const retrying = new Retrying({ maxTries: 3, wait: hour, jitter: null, maxTime: 10 * hour })
      return () => retrying.call(fails)
    },
  },
  {
    name: 'backon: with a handler (onGiveup)',
    async make() {
      const { Retrying } = await load('core')
      const retrying = new Retrying({ maxTries: 3, wait: hour, jitter: null, onGiveup: () => {} })
      return () => retrying.call(fails)
    },
  },
]
