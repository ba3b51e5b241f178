import { type Answer, type Attempt, type Decorator, onException, type Options, type Plugin, retry } from '@backon/core'
import { optionsOf } from '@backon/core/kit'
import { hedgingWith } from './hedging.ts'
import { type HedgeOptions, names } from './options.ts'

/** Those options of `retry`, and what they are called. */
const ofCalls = [
  'signal', 'name', 'enabled', 'use', 'maxTime', 'retryErrorCallback', 'raiseOnGiveup', 'onAttempt', 'before', 'after', 'onSuccess', 'onGiveup',
] as const

/** How to hedge one call, with those options of `retry` that mean something for a call of one attempt. */
export interface HedgeCallOptions<T = any, Raises extends boolean = boolean, Instead = any>
  extends HedgeOptions<T>,
    Pick<Options<T, Raises, Instead>, (typeof ofCalls)[number]> {}

/** An allowance has to last for more than one call: it lives as long as the options that ask for it. */
const lasting = /* @__PURE__ */ new WeakMap<HedgeCallOptions, Plugin>()

/** One attempt; the plugins of the call stand around the hedge. */
const once = <Raises extends boolean, Instead>(options: HedgeCallOptions<any, Raises, Instead>): Options<any, Raises, Instead> => {
  const { signal, name, enabled, use, maxTime, retryErrorCallback, raiseOnGiveup, onAttempt, before, after, onSuccess, onGiveup } = optionsOf('hedge', options, [...names, ...ofCalls])
  const plugin = lasting.get(options) ?? hedgingWith(options, true)
  if (options.maxExtraLoad !== undefined) lasting.set(options, plugin)
  return {
    wait: 0, maxTries: 1, use: use ? [...use, plugin] : [plugin],
    signal, name, enabled, maxTime, retryErrorCallback, raiseOnGiveup, onAttempt, before, after, onSuccess, onGiveup,
  }
}

/**
 * Runs an operation as up to `maxHedge` copies, each with a signal of its own, and resolves with the first answer. Rejects as `hedging`
 * says, with the identical reason when `options.signal` aborts; with a TypeError or RangeError for unusable options. Retries nothing.
 * Turned off by `disable()` or `enabled: false` it runs one copy. With `maxExtraLoad`, calls share an allowance when they share the options
 * object, and options of the hedge are then read once. A success earns for `budget`.
 *
 * @example
 * const response = await hedge(({ signal }) => fetch(url, { signal }), { wait: 200 })
 */
export const hedge = <T = unknown, Result = T | PromiseLike<T>, Raises extends boolean = boolean, Instead = any>(
  operation: (attempt: Attempt) => Result,
  options: HedgeCallOptions<NoInfer<Awaited<Result>>, Raises, Instead> = {},
): Promise<Answer<Awaited<Result>, Raises, Instead>> => {
  try {
    return retry(operation, once(options))
  } catch (error) {
    return Promise.reject(error)
  }
}

/**
 * Makes a function, or a method, hedge itself. It keeps `this`, name, length and types, returns a promise, and has
 * `.retryWith(overrides)`. It gets only its own arguments: an operation that is to stop when it has lost needs the signal that `hedge` gives it.
 *
 * @example
 * const loadUser = onHedge({ wait: 200 })(fetchUser)
 */
export const onHedge = <Raises extends boolean = boolean, Instead = any>(options: HedgeCallOptions<any, Raises, Instead> = {}): Decorator<Raises, Instead> =>
  onException(0, undefined, once(options))
