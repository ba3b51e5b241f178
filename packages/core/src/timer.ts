import type { Clock } from './types.ts'

/** The longest time that a timer can hold: anything above fires after 1 ms (HTML and Node alike). */
export const longest = 2 ** 31 - 1

/** What a timer hangs on. */
export interface TimerHolder {
  readonly _clock: Clock
  _timer: unknown
}

/** Sets the holder's timer, of any length up to `Infinity`: a long one runs in chunks. */
export const arm = <Holder extends TimerHolder>(holder: Holder, ms: number, callback: (holder: Holder) => void): void => {
  holder._timer = holder._clock.setTimeout(
    () => (ms > longest ? arm(holder, ms - longest, callback) : callback(holder)),
    Math.min(ms, longest),
  )
}

export const disarm = (holder: TimerHolder): void => holder._clock.clearTimeout(holder._timer)
