import type { Clock } from '../types.ts'

/** The longest time that a timer can hold: anything above fires after 1 ms (HTML and Node alike). */
export const longest = 2 ** 31 - 1

/** What a timer hangs on. (A public name: other packages read it, and what begins with `_` is renamed in each package on its own.) */
export interface TimerHolder {
  timer: unknown
}

/**
 * Sets the holder's timer, of any length up to `Infinity`: a long one runs in chunks. The platform's timers ring up to 1 ms early by its own
 * clock: one that does is set again. (Where it is more, they are a test's timers, and the clock is not.)
 */
export const arm = (holder: TimerHolder, clock: Clock, ms: number, callback: () => void): void => {
  const due = clock.now() + ms
  const ring = (): void => {
    const left = due - clock.now()
    if (ms > longest) arm(holder, clock, ms - longest, callback)
    else if (left > 0 && left < 1) holder.timer = clock.setTimeout(ring, left)
    else callback()
  }
  holder.timer = clock.setTimeout(ring, Math.min(ms, longest))
}
