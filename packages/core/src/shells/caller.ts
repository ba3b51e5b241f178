import { share, type Shared } from '../engine/options.ts'
import { merge } from '../names.ts'
import { runShared } from './retry.ts'
import { runSync } from './retry-sync.ts'
import type { Answer, ErrorClass, Options, Synchronous } from '../types.ts'

/** Calls functions under one policy. */
export interface RetryingCaller<Raises extends boolean = boolean, Instead = any> {
  <Args extends readonly any[], Result>(fn: (...args: Args) => Result, ...args: Args): Promise<Answer<Awaited<Result>, Raises, Instead>>
  /** A copy that retries these error classes only. */
  on(exception: ErrorClass | readonly ErrorClass[]): RetryingCaller<Raises, Instead>
  /** A copy with some options replaced; an explicit `undefined` leaves one as it is. */
  copy<NowRaises extends boolean = Raises, NowInstead = Instead>(overrides?: Options<any, NowRaises, NowInstead>): RetryingCaller<NowRaises, NowInstead>
}

/** As `RetryingCaller`, for synchronous functions. */
export interface RetryingCallerSync<Raises extends boolean = boolean, Instead = any> {
  <Args extends readonly any[], Result>(fn: (...args: Args) => Synchronous<Result>, ...args: Args): Answer<Result, Raises, Instead>
  /** A copy that retries these error classes only. */
  on(exception: ErrorClass | readonly ErrorClass[]): RetryingCallerSync<Raises, Instead>
  /** A copy with some options replaced; an explicit `undefined` leaves one as it is. */
  copy<NowRaises extends boolean = Raises, NowInstead = Instead>(overrides?: Options<any, NowRaises, NowInstead>): RetryingCallerSync<NowRaises, NowInstead>
}

const callerWith = (runner: (policy: Shared, operation: () => any, target: any, args: readonly unknown[]) => any, options: Options): any => {
  const policy = share(options)
  const copy = (overrides?: Options): any => callerWith(runner, merge(policy._options, overrides))
  return Object.assign((fn: any, ...args: unknown[]) => runner(policy, () => fn(...args), fn ?? null, args), {
    copy,
    on: (exception: Options['exception']) => copy({ exception }),
  })
}

/**
 * Makes a function that calls others under one policy: `caller(fn, ...args)`. Throws a TypeError or RangeError for unusable options.
 *
 * @example
 * const caller = retryingCaller({ wait: expo(), maxTries: 5 }).on(TypeError)
 * const user = await caller(fetchUser, 1)
 */
export const retryingCaller = <Raises extends boolean = boolean, Instead = any>(options: Options<any, Raises, Instead> = {}): RetryingCaller<Raises, Instead> =>
  callerWith(runShared, options)

/**
 * As `retryingCaller`, for synchronous functions: it blocks while it waits, see `retrySync`.
 *
 * @example
 * const config = retryingCallerSync({ wait: 50 })(readConfig, 'config.json')
 */
export const retryingCallerSync = <Raises extends boolean = boolean, Instead = any>(options: Options<any, Raises, Instead> = {}): RetryingCallerSync<Raises, Instead> =>
  callerWith(runSync, options)
