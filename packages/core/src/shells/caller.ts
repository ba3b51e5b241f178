import { share, type Shared } from '../engine/options.ts'
import { merge } from '../names.ts'
import { runShared } from './retry.ts'
import { runSync } from './retry-sync.ts'
import type { ErrorClass, Options } from '../types.ts'

/** Calls functions under one policy. */
export interface RetryingCaller {
  <Args extends readonly any[], Result>(fn: (...args: Args) => Result, ...args: Args): Promise<Awaited<Result>>
  /** A copy that retries these error classes only. */
  on(exception: ErrorClass | readonly ErrorClass[]): RetryingCaller
  /** A copy with some options replaced. */
  copy(overrides?: Options): RetryingCaller
}

/** As `RetryingCaller`, for synchronous functions. */
export interface RetryingCallerSync {
  <Args extends readonly any[], Result>(fn: (...args: Args) => Result, ...args: Args): Result
  on(exception: ErrorClass | readonly ErrorClass[]): RetryingCallerSync
  copy(overrides?: Options): RetryingCallerSync
}

const callerWith = (runner: (policy: Shared, operation: () => any, target: any, args: readonly unknown[]) => any, options: Options): any => {
  const policy = share(options)
  const copy = (overrides?: Options): any => callerWith(runner, merge(policy._options, overrides))
  return Object.assign((fn: any, ...args: unknown[]) => runner(policy, () => fn(...args), fn ?? null, args), {
    copy,
    on: (exception: Options['exception']) => copy({ exception }),
  })
}

/** Makes a function that calls others under one policy: `caller(fn, ...args)`. Throws for unusable options. */
export const retryingCaller = (options: Options = {}): RetryingCaller => callerWith(runShared, options)

/** As `retryingCaller`, for synchronous functions: it blocks while it waits, see `retrySync`. */
export const retryingCallerSync = (options: Options = {}): RetryingCallerSync => callerWith(runSync, options)
