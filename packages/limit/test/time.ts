import type { Clock } from '@backon/core'

/** A clock that moves only when told, and counts its timers. For `override({ clock })`. */
export interface Hands extends Clock {
  /** Timers that are set. */
  readonly pending: number
  /** Timers that have been set so far. */
  readonly armed: number
  /** Forgets all timers, as a worker does when it has answered. */
  drop(): void
  /** Sets the time without firing anything: back too. */
  set(ms: number): void
  /** Turns the clock back, which its timers do not notice. */
  turnBack(ms: number): void
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

/** Timers come `early` by so many ms, as they do now and then. */
export const hands = (early = 0): Hands => {
  let now = 0
  let order = 0
  const timers = new Map<number, { at: number; callback: () => void }>()
  return {
    now: () => now,
    setTimeout: (callback, ms) => {
      if (!(ms >= 0 && ms < 2 ** 31)) throw new RangeError(`no timer can hold ${ms} ms`)
      timers.set(++order, { at: now + (ms > 1 ? ms - early : ms), callback })
      return order
    },
    clearTimeout: (handle) => void timers.delete(handle),
    turnBack: (ms) => {
      now -= ms
      for (const timer of timers.values()) timer.at -= ms
    },
    drop: () => timers.clear(),
    get armed() {
      return order
    },
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
