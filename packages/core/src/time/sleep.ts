import { atLeastZero, invalid } from '../check.ts'
import { clock } from './clock.ts'
import { arm, longest } from './timer.ts'

/**
 * Sleeps for `ms` milliseconds (0 or more, `Infinity` included). When `signal` aborts, it rejects at once with the
 * identical `signal.reason` and leaves neither timer nor listener behind.
 */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    atLeastZero('ms', ms)
    if (signal?.aborted) return reject(signal.reason)
    const end = (): void => {
      time.clearTimeout(timer._timer)
      signal?.removeEventListener('abort', end)
      if (signal?.aborted) reject(signal.reason)
      else resolve()
    }
    const time = clock()
    const timer = { _timer: undefined }
    arm(timer, time, ms, end)
    signal?.addEventListener('abort', end)
  })

/** What can wake a sleeper: an AbortSignal, any EventTarget, or something that knows how to wait with a limit. */
export type WakingEvent = AbortSignal | EventTarget | { wait(ms: number): unknown }

/**
 * Makes a `sleep` that ends early when an event fires: for `options.sleep`. An abort of the call's own signal still
 * rejects. With an EventTarget the event's name is `type` (default `'abort'`, the one that an AbortSignal fires; an
 * AbortSignal that has already fired is not waited for). With `{ wait(ms) }` its own `wait` is called instead.
 */
export const sleepUsingEvent = (event: WakingEvent, type = 'abort'): ((ms: number, signal?: AbortSignal) => Promise<void>) => {
  if (typeof (event as any)?.wait !== 'function' && typeof (event as any)?.addEventListener !== 'function') {
    invalid('event', 'an AbortSignal, an EventTarget or something with wait(ms)', event)
  }
  return async (ms, signal) => {
    if ('wait' in event) return void (await event.wait(ms))
    const awake = new AbortController()
    const wake = (): void => awake.abort()
    if ((event as AbortSignal).aborted || signal?.aborted) wake()
    event.addEventListener(type, wake)
    signal?.addEventListener('abort', wake)
    try {
      await sleep(ms, awake.signal)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (!awake.signal.aborted) throw error
    } finally {
      event.removeEventListener(type, wake)
      signal?.removeEventListener('abort', wake)
    }
  }
}

/**
 * Blocks the thread for `ms` milliseconds. Where blocking is not allowed (the main thread of a browser, some workers)
 * it throws and asks for the `sleep` option.
 */
export const sleepBlocking = (ms: number): void => {
  if (ms === 0) return
  try {
    const cell = new Int32Array(new SharedArrayBuffer(4))
    for (let left = ms; left > 0; left -= longest) Atomics.wait(cell, 0, 0, Math.min(left, longest))
  } catch (cause) {
    throw new Error('blocking is not allowed on this thread: give the option sleep, or use the async form', { cause })
  }
}
