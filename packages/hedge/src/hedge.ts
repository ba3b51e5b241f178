import { type Decorator, onException, type Operation, type Options, type Plugin, retry } from '@backon/core'
import { type HedgeOptions, hedging } from './hedging.ts'

/** How to hedge one call, with those options of `retry` that mean something for a call of one attempt. */
export interface HedgeCallOptions<T = any>
  extends HedgeOptions<T>,
    Pick<
      Options<T>,
      | 'signal' | 'name' | 'enabled' | 'use' | 'maxTime' | 'retryErrorCallback' | 'raiseOnGiveup'
      | 'onAttempt' | 'before' | 'after' | 'onSuccess' | 'onGiveup'
    > {}

/** An allowance has to last for more than one call: it lives as long as the options that ask for it. */
const lasting = /* @__PURE__ */ new WeakMap<HedgeCallOptions, Plugin>()

/** One attempt; the plugins of the call stand around the hedge. */
const once = (options: HedgeCallOptions): Options => {
  const plugin = lasting.get(options) ?? hedging(options)
  if (options.maxExtraLoad !== undefined) lasting.set(options, plugin)
  return { ...options, wait: 0, maxTries: 1, use: [...(options.use ?? []), plugin] }
}

/**
 * Runs an operation as up to `maxHedge` copies, each with a signal of its own, and resolves with the first success:
 * `hedge(({ signal }) => fetch(url, { signal }), { wait: 200 })`. Rejects as `hedging` says, with the identical reason when
 * `options.signal` aborts; with a TypeError or RangeError for unusable options. With `maxExtraLoad`, calls share an
 * allowance when they share the options object, and options of the hedge are then read once. Turned off by `disable()` or
 * `enabled: false` it runs one copy. Retries nothing else.
 */
export const hedge = <T>(operation: Operation<T>, options: HedgeCallOptions<T> = {}): Promise<T> => {
  try {
    return retry(operation, once(options))
  } catch (error) {
    return Promise.reject(error)
  }
}

/**
 * Makes a function hedge itself: `onHedge({ wait: 200 })(fetchUser)`, or `@onHedge({ wait: 200 })` above a method. The
 * function keeps `this`, name, length and types, returns a promise, and has `.retryWith(overrides)`. It gets only its own
 * arguments: an operation that is to stop when it has lost needs the signal that `hedge` gives it.
 */
export const onHedge = (options: HedgeCallOptions = {}): Decorator => onException(0, undefined, once(options))
