import type { Clock } from '@backon/core'

/** A clock that moves only when told, and counts its timers. For `override({ clock })`. */
export interface Hands extends Clock {
  /** Timers that are set. */
  readonly pending: number
  /** Sets the time without firing anything: back too. */
  set(ms: number): void
  /** Moves ahead by `ms`, and fires what falls due on the way, in order. */
  pass(ms: number): Promise<void>
}

const macrotask = setImmediate

/** Lets every promise that can settle now do so. */
export const idle = (): Promise<void> => new Promise((resolve) => void macrotask(resolve))

/** A promise that is settled by hand. */
export interface Gate<T = unknown> {
  readonly promise: Promise<T>
  resolve(value?: T): void
  reject(error: unknown): void
}
export const gate = (): Gate => {
  let ends!: Pick<Gate, 'resolve' | 'reject'>
  const promise = new Promise<unknown>((resolve, reject) => void (ends = { resolve, reject }))
  return { promise, ...ends }
}

export const hands = (): Hands => {
  let now = 0
  let order = 0
  const timers = new Map<number, { at: number; callback: () => void }>()
  return {
    now: () => now,
    setTimeout: (callback, ms) => {
      if (!(ms >= 0 && ms < 2 ** 31)) throw new RangeError(`no timer can hold ${ms} ms`)
      timers.set(++order, { at: now + ms, callback })
      return order
    },
    clearTimeout: (handle) => void timers.delete(handle),
    set: (ms) => {
      now = ms
    },
    get pending() {
      return timers.size
    },
    async pass(ms) {
      const end = now + ms
      for (;;) {
        await idle()
        const [first] = [...timers].filter(([, { at }]) => at <= end).sort(([a, one], [b, other]) => one.at - other.at || a - b)
        if (!first) break
        timers.delete(first[0])
        now = Math.max(now, first[1].at)
        first[1].callback()
      }
      now = end
      await idle()
    },
  }
}
