import { nonNegative } from './check.ts'
import { TimeoutError } from './errors.ts'
import { isThenable } from './events.ts'
import { fork } from './fork.ts'
import { clock } from './shared.ts'
import { arm } from './timer.ts'
import type { Plugin } from './types.ts'

/**
 * Bounds each attempt, not the whole call: after `ms` milliseconds (0 or more) the attempt fails with a TimeoutError, its
 * signal aborts with that error as reason, and whatever it still returns is dropped. `maxTime` still cuts it shorter. A
 * synchronous operation cannot be interrupted and is not bounded.
 */
export const timeout = (ms: number): Plugin => {
  nonNegative({ timeout: ms })
  return {
    timeless: true,
    wrap: (next) => (attempt) => {
      const child = fork(attempt)
      const time = clock()
      const timer = { _timer: undefined }
      const result = next(child)
      if (!isThenable(result)) return result
      return new Promise((resolve, reject) => {
        const { onabort } = child
        child.onabort = (reason) => {
          time.clearTimeout(timer._timer)
          onabort?.(reason)
          reject(reason)
        }
        if (child.aborted) reject(child.reason)
        else arm(timer, time, ms, () => child.abort(new TimeoutError(`attempt ${attempt.tries} took longer than ${ms} ms`)))
        const settle =
          <Value>(how: (value: Value) => void) =>
          (value: Value) => {
            time.clearTimeout(timer._timer)
            how(value)
          }
        result.then(settle(resolve), settle(reject))
      })
    },
  }
}
