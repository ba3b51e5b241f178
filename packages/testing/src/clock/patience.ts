import { realSleep, realWork } from './turn.ts'

/** Counts how often somebody has said that the I/O in progress will stay as it is. */
let parked = 0

/** Says that the I/O in progress waits for virtual time, so that no clock needs to be patient with it. */
export const park = (): void => void parked++

/** Counts how often somebody has said that it moves on. */
let resumed = 0

/** Says that some of the I/O in progress moves on: an answer is on its way, and worth being patient with. */
export const resume = (): void => void resumed++

/** So many looks come right after each other: an answer from this machine is mostly there by then. */
const quick = 50

/**
 * How long a clock stands still for what is really in progress. It is counted in naps of 1 ms, not read off a clock: on a busy
 * machine naps take longer, as does everything that is waited for.
 */
export class Patience {
  readonly #most: number
  #held = 0
  /** As much real I/O as will not be waited for, because it was there before or has used up the patience. */
  #known = 0
  #parked = 0
  #resumed = 0
  #looks = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Takes the real I/O there is for what was there before. */
  look(): void {
    this.#known = realWork()
    this.#parked = parked
    this.#resumed = resumed
  }

  /** Starts anew: something has happened. */
  renew(): void {
    this.#looks = 0
  }

  /** Waits a little for real I/O in progress. Says `false` when there is none, or when it has been waited for long enough. */
  async forWork(): Promise<boolean> {
    if (this.#held === 0) {
      if (!this.#working()) return false
      if (this.#looks - quick >= this.#most) {
        this.#known = realWork()
        return false
      }
      if (this.#looks++ < quick) return true
    }
    await realSleep(1)
    return true
  }

  /** Waits a little for what nobody can see. Says `false` when that was done long enough. */
  async forAnything(): Promise<boolean> {
    if (this.#held === 0 && this.#looks++ >= this.#most) return false
    await realSleep(1)
    return true
  }

  /** Waits without end for something real. */
  async hold<T>(work: () => PromiseLike<T>): Promise<T> {
    this.#held++
    try {
      return await work()
    } finally {
      this.#held--
    }
  }

  #working(): boolean {
    const work = realWork()
    if (this.#parked < parked) this.#known = work
    else if (this.#resumed < resumed) this.#known--
    this.#parked = parked
    this.#resumed = resumed
    this.#known = Math.min(this.#known, work)
    return work > this.#known
  }
}
