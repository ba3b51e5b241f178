import { current, hold } from '../engine/options.ts'
import { run } from '../shells/retry.ts'
import type { Operation, Options } from '../types.ts'

/** What is of one call. */
export interface PreparedCall {
  readonly signal?: AbortSignal | undefined
  /** A function is asked when somebody wants to know. */
  readonly name?: string | (() => string) | undefined
}

/**
 * Makes a `retry` by options that are checked once: it throws what `retry` would reject with. For packages that call by the same options, which are theirs and do not change, again and
 * again; it keeps no statistics and has no scope, as `Retrying` does.
 */
export const prepared = <T>(options: Options<T>): ((operation: Operation<T>, call?: PreparedCall) => Promise<T>) => {
  const shared = hold(options as Options)
  return (operation, { signal, name } = {}) => run(current, shared, operation, undefined, undefined, signal, name)
}
