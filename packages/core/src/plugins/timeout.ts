import { nonNegative } from '../check.ts'
import { TimeoutError } from '../errors.ts'
import { isThenable } from '../thenable.ts'
import { fork } from '../engine/attempt.ts'
import { clock } from '../time/clock.ts'
import { arm } from '../time/timer.ts'
import type { Plugin } from '../types.ts'

/**
 * Bounds each attempt, not the whole call: after `ms` milliseconds (0 or more) the attempt fails with a TimeoutError, its
 * signal aborts with that error as reason, and whatever it still returns is dropped. `maxTime` still cuts it shorter. A
 * synchronous operation cannot be interrupted and is not bounded.
 *
 * @example
 * await retry(({ signal }) => fetch(url, { signal }), { use: [timeout(1_000)] })
 */
export const timeout = (ms: number): Plugin => {
  nonNegative({ timeout: ms })
  return {
    timeless: true,
    wrap: (next) => (attempt) => {
      const child = fork(attempt)
      const time = clock()
      const started = time.now()
      const result = next(child)
      if (!isThenable(result)) return result
      return new Promise((resolve, reject) => {
        const timer = { timer: undefined }
        child.whenAborted((reason) => {
          time.clearTimeout(timer.timer)
          reject(reason)
        })
        const late = (): void => child.abort(new TimeoutError(`attempt ${attempt.tries} of ${attempt.details.name || 'the call'} took longer than ${ms} ms`))
        if (!child.aborted) arm(timer, time, Math.max(ms - time.now() + started, 0), late)
        const settle =
          <Value>(how: (value: Value) => void) =>
          (value: Value) => {
            time.clearTimeout(timer.timer)
            how(value)
          }
        // A foreign promise may throw, or settle twice.
        Promise.resolve(result).then(settle(resolve), settle(reject))
      })
    },
  }
}
