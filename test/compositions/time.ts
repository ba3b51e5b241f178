import type { Clock } from '@backon/core'

const macrotask = setImmediate

/** Lets every promise that can settle now do so, and every unhandled rejection be told. */
export const idle = (): Promise<void> => new Promise((resolve) => void macrotask(resolve))

/** A clock that moves only when told, timer by timer. */
export interface Time extends Clock {
  /** Timers that are set. */
  readonly pending: number
  /** Moves to the next timer, and lets everything happen that comes of it. */
  step(): Promise<void>
  /** Moves on by `ms`, and fires what falls due on the way. */
  pass(ms: number): Promise<void>
}

interface Timer {
  readonly at: number
  readonly callback: () => void
}

export const timeFrom = (now: number): Time => {
  /** In the order in which they were set. */
  const timers = new Set<Timer>()
  const next = (): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) if (!first || timer.at < first.at) first = timer
    return first
  }
  const step = async (): Promise<void> => {
    const timer = next()
    if (timer) {
      timers.delete(timer)
      now = Math.max(now, timer.at)
      timer.callback()
    }
    await idle()
  }
  return {
    now: () => now,
    setTimeout(callback, ms) {
      if (!(ms >= 0 && ms < 2 ** 31)) throw new RangeError(`no timer can hold ${ms} ms`)
      const timer = { at: now + ms, callback }
      timers.add(timer)
      return timer
    },
    clearTimeout: (timer) => void timers.delete(timer as Timer),
    get pending() {
      return timers.size
    },
    step,
    async pass(ms) {
      const end = now + ms
      await idle()
      for (let timer = next(); timer && timer.at <= end; timer = next()) await step()
      now = end
    },
  }
}
