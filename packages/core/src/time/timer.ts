import type { Clock } from '../types.ts'

/** The longest time that a timer can hold: anything above fires after 1 ms (HTML and Node alike). */
export const longest = 2 ** 31 - 1

/** What a timer hangs on. */
export interface TimerHolder {
  _timer: unknown
}

/** Sets the holder's timer, of any length up to `Infinity`: a long one runs in chunks. */
export const arm = (holder: TimerHolder, clock: Clock, ms: number, callback: () => void): void => {
  holder._timer = ms > longest ? clock.setTimeout(() => arm(holder, clock, ms - longest, callback), longest) : clock.setTimeout(callback, ms)
}
