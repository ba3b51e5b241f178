import { atLeastZero, invalid } from '../check.ts'
import { clock } from './clock.ts'
import { arm, longest } from './timer.ts'

const checkSignal = (signal: any): void => {
  if (signal != null && typeof signal.aborted !== 'boolean') invalid('signal', 'an AbortSignal (of a controller, its signal)', signal)
}

/**
 * Sleeps for `ms` milliseconds (0 or more, `Infinity` included). When `signal` aborts, it rejects at once with the
 * identical `signal.reason` and leaves neither timer nor listener behind. Rejects at once for any other `ms`, and for a signal that is none.
 *
 * @example
 * await sleep(500, signal)
 */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    atLeastZero('ms', ms)
    checkSignal(signal)
    if (signal?.aborted) return reject(signal.reason)
    const end = (): void => {
      time.clearTimeout(timer.timer)
      signal?.removeEventListener('abort', end)
      if (signal?.aborted) reject(signal.reason)
      else resolve()
    }
    const time = clock()
    const timer = { timer: undefined }
    arm(timer, time, ms, end)
    signal?.addEventListener('abort', end)
  })

/** What can wake a sleeper: an AbortSignal, any EventTarget, or something that knows how to wait with a limit. */
export type WakingEvent = AbortSignal | EventTarget | { wait(ms: number): unknown }

type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

/** Sleeps by the event's own `wait`, and not any longer once the signal aborts. */
const byItsWait = (event: { wait(ms: number): unknown }): Sleep => async (ms, signal) => {
  checkSignal(signal)
  signal?.throwIfAborted()
  let cut: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => signal?.addEventListener('abort', (cut = () => reject(signal.reason as Error))))
  try {
    await Promise.race([event.wait(ms), aborted])
  } finally {
    signal?.removeEventListener('abort', cut!)
  }
}

/** Sleeps on a signal of its own, which the event and the signal of the call abort. */
const byItsEvents = (event: EventTarget, type: string): Sleep => async (ms, signal) => {
  checkSignal(signal)
  const awake = new AbortController()
  const wake = (): void => awake.abort()
  if ((event as AbortSignal).aborted || signal?.aborted) wake()
  try {
    event.addEventListener(type, wake)
    signal?.addEventListener('abort', wake)
    await sleep(ms, awake.signal)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (!awake.signal.aborted) throw error
  } finally {
    event.removeEventListener(type, wake)
    signal?.removeEventListener('abort', wake)
  }
}

/**
 * Makes a `sleep` that ends early when an event fires: for `options.sleep`. An abort of the call's own signal still
 * rejects. With an EventTarget the event's name is `type` (default `'abort'`, the one that an AbortSignal fires; an
 * AbortSignal that has already fired is not waited for). With `{ wait(ms) }` its own `wait` is called instead. No listener is left behind.
 * Throws for what is none of these.
 *
 * @example
 * retry(sync, { wait: 60_000, sleep: sleepUsingEvent(window, 'online') }) // again after a minute, or as soon as there is a network
 */
export const sleepUsingEvent = (event: WakingEvent, type = 'abort'): ((ms: number, signal?: AbortSignal) => Promise<void>) => {
  const { wait, addEventListener, removeEventListener } = (event ?? {}) as any
  if (typeof wait === 'function') return byItsWait(event as { wait(ms: number): unknown })
  if (typeof addEventListener === 'function' && typeof removeEventListener === 'function') return byItsEvents(event as EventTarget, type)
  return invalid('event', 'an AbortSignal, an EventTarget or something with wait(ms)', event)
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
