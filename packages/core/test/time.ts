import type { Clock } from '../src/types.ts'

const macrotask = setImmediate

/** Lets every promise that can settle now do so. */
export const idle = (): Promise<void> => new Promise((resolve) => void macrotask(resolve))

/** A clock that moves only when told: for `override({ clock })`. */
export interface VirtualTime extends Clock {
  /** Timers that are set. */
  readonly pending: number
  /** Moves time without firing timers: as work that blocks the thread does. */
  block(ms: number): void
  /** Moves time by `ms` and fires what falls due on the way, in order. */
  pass(ms: number): Promise<void>
  /** Moves time from timer to timer until the promise has settled. Throws where it never would. */
  until<T>(promise: Promise<T>): Promise<T>
}

export const virtualTime = (now = 1_000): VirtualTime => {
  interface Timer {
    at: number
    callback: () => void
  }
  let timers: Timer[] = []
  const fire = (limit: number): boolean => {
    const next = timers.reduce<Timer | undefined>((first, timer) => (first && first.at <= timer.at ? first : timer), undefined)
    if (!next || next.at > limit) return false
    timers = timers.filter((timer) => timer !== next)
    now = Math.max(now, next.at)
    next.callback()
    return true
  }
  return {
    now: () => now,
    setTimeout: (callback, ms) => {
      if (!(ms >= 0 && ms < 2 ** 31)) throw new RangeError(`no timer can hold ${ms} ms`)
      const timer = { at: now + ms, callback }
      timers.push(timer)
      return timer
    },
    clearTimeout: (handle) => {
      timers = timers.filter((timer) => timer !== handle)
    },
    block: (ms) => {
      now += ms
    },
    get pending() {
      return timers.length
    },
    async pass(ms) {
      const end = now + ms
      do await idle()
      while (fire(end))
      now = Math.max(now, end)
    },
    async until(promise) {
      let settled = false
      const settle = (): void => {
        settled = true
      }
      promise.then(settle, settle)
      for (;;) {
        await idle()
        if (settled) return promise
        if (!fire(Infinity)) throw new Error('it hangs: no timer is set')
      }
    },
  }
}
