import type { Operation, Plugin } from '@backon/core'

/** A plugin that knows how many attempts went through it. */
export interface MyPlugin extends Plugin {
  /** Attempts started so far, over all calls that use this plugin. */
  readonly attempts: number
  /** Of those, how many ended with an exception. */
  readonly failures: number
}

/**
 * Makes a plugin that counts attempts: `use: [myPlugin()]`.
 *
 * Its state belongs to this one object: share it between calls to count them together.
 */
export function myPlugin(): MyPlugin {
  let attempts = 0
  let failures = 0
  return {
    get attempts() {
      return attempts
    },
    get failures() {
      return failures
    },
    wrap<T>(next: Operation<T>): Operation<T> {
      return async (attempt) => {
        attempts += 1
        try {
          return await next(attempt)
        } catch (exception) {
          failures += 1
          throw exception
        }
      }
    },
  }
}
