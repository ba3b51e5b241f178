const core = (names) => `export { ${names} } from '@backon/core'`
const breaker = `export { CircuitBreaker } from '@backon/breaker'`
const hedging = `export { hedging } from '@backon/hedge'`

const strategies = {
  waits:
    'expo constant fibo runtime decay waitRandom waitRandomExponential waitExponentialJitter waitIncrementing ' +
    'waitException waitNone waitChain waitSum decorrelated retryAfter',
  stops: 'stopAfterAttempt stopAfterDelay stopBeforeDelay stopWhenEventSet stopNever stopAny stopAll',
  conditions:
    'retryIfExceptionType retryIfException retryIfExceptionMessage retryIfExceptionCause retryIfResult ' +
    'retryIfNotResult retryAny retryAll retryNot retryAlways retryNever',
  jitters: 'fullJitter equalJitter randomJitter',
}

/**
 * Each row is a bundle: `source` is its entry, `target` a size in bytes. With `beside`, the target is for what a bundle grows by that has
 * that entry already; the size alone is shown too. `platform` is esbuild's, default `node`.
 */
export const sections = [
  {
    title: 'Size: retry',
    rows: [
      { name: 'p-retry: default export', source: `export { default } from 'p-retry'` },
      {
        name: 'cockatiel: retry, handleAll, ExponentialBackoff',
        source: `export { retry, handleAll, ExponentialBackoff } from 'cockatiel'`,
      },
      { name: '@lifeomic/attempt: retry', source: `export { retry } from '@lifeomic/attempt'` },
      { name: 'async-retry: default export', source: `export { default } from 'async-retry'` },
      { name: 'effect: retry, runPromise, tryPromise', source: `export { retry, runPromise, tryPromise } from 'effect/Effect'` },
      { name: 'backon: retry', source: core('retry'), target: 3450 },
      { name: 'backon: retry, retryAfter', source: core('retry, retryAfter') },
      { name: 'backon: retrySync', source: core('retrySync') },
      { name: 'backon: onException', source: core('onException') },
      { name: 'backon: Retrying', source: core('Retrying') },
      { name: 'backon: all of core', source: `export * from '@backon/core'` },
    ],
  },
  {
    title: 'Size: retry with breaker and hedge',
    rows: [
      {
        name: 'cockatiel: retry + breaker',
        source: `export {
          retry, handleAll, ExponentialBackoff, circuitBreaker, ConsecutiveBreaker, wrap
        } from 'cockatiel'`,
      },
      { name: 'opossum: breaker', source: `export { default } from 'opossum'` },
      { name: 'backon: breaker', source: breaker, target: 2000 },
      { name: 'backon: hedging', source: hedging, target: 1200 },
      { name: 'backon: retry + breaker', source: `${core('retry')}; ${breaker}`, target: 5400 },
      { name: 'backon: retry + breaker + hedging', source: `${core('retry')}; ${breaker}; ${hedging}`, target: 6500 },
    ],
  },
  {
    title: 'Size: fetch',
    rows: [
      { name: 'ky: default export', source: `export { default } from 'ky'`, platform: 'browser' },
      { name: 'ofetch: ofetch', source: `export { ofetch } from 'ofetch'`, platform: 'browser' },
      { name: 'wretch: default export, retry', source: `export { default } from 'wretch'; export { retry } from 'wretch/middlewares'` },
      { name: 'fetch-retry: default export', source: `export { default } from 'fetch-retry'` },
      { name: 'axios-retry: default export, axios', source: `export { default } from 'axios-retry'; export { default as axios } from 'axios'`, platform: 'browser' },
      { name: 'backon: createFetch, alone and added to retry', source: `export { createFetch } from '@backon/fetch'`, beside: core('retry'), target: 2000 },
      { name: 'backon: resumable, added to createFetch', source: `export { resumable } from '@backon/fetch/resume'`, beside: `export { createFetch } from '@backon/fetch'` },
      {
        name: 'backon: retry + fetch + breaker + hedging',
        source: `${core('retry')}; ${breaker}; ${hedging}; export { createFetch } from '@backon/fetch'`,
        target: 8700,
      },
    ],
  },
  ...Object.entries(strategies).map(([kind, names]) => ({
    title: `Size: single ${kind}, alone and added to retry`,
    rows: names.split(' ').map((name) => ({ name, source: core(name), beside: core('retry'), target: 150 })),
  })),
]
