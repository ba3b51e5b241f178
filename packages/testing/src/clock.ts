import { type Clock, type Details, type Options, override, type Plugin, type Undo } from '@backon/core'
import { Agenda, type Entry } from './agenda.ts'
import { atLeast } from './check.ts'
import { bound, enter, scopable, scopes } from './scope.ts'
import { realNow, realSleep, realWork, turn } from './turn.ts'
import { undo } from './undo.ts'

/** How a virtual clock behaves. */
export interface VirtualClockOptions {
  /** What `now()` says at first, in ms. Default 0. */
  now?: number
  /**
   * How long real I/O in progress may take, in real ms, before the clock moves on without it, or takes a standstill for a
   * deadlock. Default 250. It is spent once for what hangs, not once a timer.
   */
  patience?: number
}

/** Time that moves only when it is told to, or in `run`, as soon as nothing else can happen. */
export interface VirtualClock extends Clock {
  /** Timers that are set and not yet due. */
  readonly pending: number
  /**
   * Runs a function by this clock, and moves the clock to the next due timer whenever nothing else can run, until the
   * function has settled; gives what it gave. In Node, Bun and Deno only the function and what it starts live by this
   * clock; elsewhere the whole process does, and a second clock throws. Rejects when nothing is due and nothing runs.
   */
  run<T>(run: () => T | PromiseLike<T>): Promise<T>
  /** Moves `ms` ahead, and lets everything that is due until then happen on the way, in order. In `run` it is a wait of that length. */
  advance(ms: number): Promise<void>
  /** Puts the whole process on this clock, for a test that moves it by hand. Two at once throw. Returns its undo. */
  install(): Undo
  /** Keeps the clock still until something real has settled: a query, a file, a server of your own. Gives what it gave. */
  real<T>(work: PromiseLike<T> | (() => PromiseLike<T>)): Promise<T>
}

// 3,000 years: whatever is still due then sleeps for ever.
const endOfTime = 1e14

/** The clock of the process, if there is one: at most one is in each of these. */
const installed = new Set<ManualClock>()
/** The clock that runs, where scopes cannot be kept apart. */
const running = new Set<ManualClock>()
/** Counts how often somebody has said that the I/O in progress will stay as it is. */
let parked = 0

/** Says that the I/O in progress waits for virtual time, so that no clock needs to be patient with it. */
export const park = (): void => void parked++

class ManualClock implements VirtualClock {
  readonly #agenda = new Agenda()
  readonly #patience: number
  /** Calls under way, in words, to say who is waiting. */
  readonly #calls = new Map<object, string>()
  #now: number
  #order = 0
  #driven = false
  /** Settles with the last move made by hand. */
  #moved: Promise<void> = Promise.resolve()
  #held = 0
  /** As much real I/O as will not be waited for, because it was there before or has used up the patience. */
  #known = 0
  #parked = 0

  constructor({ now = 0, patience = 250 }: VirtualClockOptions) {
    atLeast(0, { now, patience })
    this.#now = now
    this.#patience = patience
  }

  // Clocks are passed around as plain functions, so none of these may depend on `this`.
  readonly now = (): number => this.#now

  readonly setTimeout = (callback: () => void, ms: number): Entry =>
    this.#agenda.add(this.#now + (ms > 0 ? ms : 0), this.#order++, bound(callback))

  readonly clearTimeout = (entry: Entry | undefined): void => {
    if (entry) this.#agenda.remove(entry)
  }

  get pending(): number {
    return this.#agenda.size
  }

  install(): Undo {
    if (installed.size > 0) throw new Error('another virtual clock is installed: undo it first, or use run(), which keeps clocks apart')
    installed.add(this)
    const off = override(() => (current() ? undefined : { clock: this }))
    return undo(() => {
      installed.clear()
      off()
    })
  }

  async run<T>(run: () => T | PromiseLike<T>): Promise<T> {
    if (this.#driven) throw new Error('this virtual clock is running already: make another one')
    if (!scopable()) {
      if (running.size > 0) throw new Error('another virtual clock is running, and this runtime cannot keep two apart')
      running.add(this)
    }
    const off = override((options) => (current() === this ? { clock: this, use: this.#watched(options) } : undefined))
    this.#driven = true
    this.#look()
    this.#calls.clear()
    try {
      let settled = false
      const settle = (): void => void (settled = true)
      const result = enter(this, async () => run())
      result.then(settle, settle)
      await this.#drive(() => settled)
      return await result
    } finally {
      this.#driven = false
      running.delete(this)
      off()
    }
  }

  async advance(ms: number): Promise<void> {
    atLeast(0, { ms })
    // After everything else that is due then.
    if (this.#driven) return new Promise((resolve) => void this.#agenda.add(this.#now + ms, Infinity, resolve))
    // Who does not await one move before the next still gets both, one after the other.
    const moved = this.#moved.then(() => this.#move(ms))
    this.#moved = moved.catch(() => {})
    return moved
  }

  async #move(ms: number): Promise<void> {
    const until = this.#now + ms
    this.#look()
    await this.#quiet()
    while (this.#agenda.first && this.#agenda.first.due <= until) {
      this.#fire()
      await this.#quiet()
    }
    this.#now = until
  }

  async real<T>(work: PromiseLike<T> | (() => PromiseLike<T>)): Promise<T> {
    this.#held++
    try {
      return await (typeof work === 'function' ? work() : work)
    } finally {
      this.#held--
    }
  }

  async #drive(settled: () => boolean): Promise<void> {
    for (;;) {
      await this.#quiet(settled)
      if (settled()) return
      const { first } = this.#agenda
      if (!first) await this.#standstill(settled)
      else if (first.due > endOfTime) throw new Error(`the virtual clock has reached ${this.#now} ms, and this sleeps on: ${this.#waiting()}`)
      else this.#fire()
    }
  }

  /** Moves to the next due timer and lets it happen. */
  #fire(): void {
    const entry = this.#agenda.first!
    this.#agenda.remove(entry)
    this.#now = entry.due
    entry.callback()
  }

  /** Waits until nothing can happen any more without time passing. */
  async #quiet(settled = (): boolean => false): Promise<void> {
    let since: number | undefined
    for (let still = 0; still < 2 && !settled(); ) {
      const seen = this.#order
      await turn()
      still = seen === this.#order ? still + 1 : 0
      if (this.#held > 0) {
        still = 0
        await realSleep(1)
      } else if (still === 2 && this.#working()) {
        since ??= realNow()
        if (realNow() - since < this.#patience) still = 1
        else this.#known = realWork()
      } else if (still === 0) since = undefined
    }
  }

  /** Takes the real I/O there is for what was there before. */
  #look(): void {
    this.#known = realWork()
    this.#parked = parked
  }

  #working(): boolean {
    const work = realWork()
    if (this.#parked < parked) this.#known = work
    this.#parked = parked
    this.#known = Math.min(this.#known, work)
    return work > this.#known
  }

  /** Nothing is due. Something that nobody can see may still be in progress, so it gets some time. */
  async #standstill(settled: () => boolean): Promise<void> {
    const since = realNow()
    while (!settled() && !this.#agenda.first) {
      if (this.#held === 0 && realNow() - since >= this.#patience) {
        throw new Error(`deadlock at ${this.#now} ms: nothing is due and nothing is running, but still waiting: ${this.#waiting()}`)
      }
      await realSleep(1)
    }
  }

  #waiting(): string {
    return [...this.#calls.values()].join('; ') || 'the function given to run(), outside of any call'
  }

  #watched({ use }: Options): readonly Plugin[] {
    // What is not a list is left for core to refuse.
    return Array.isArray(use ?? []) ? [...(use ?? []), this.#watcher] : use!
  }

  readonly #watcher: Plugin = {
    timeless: true,
    onAttempt: (details) => this.#note(details, ''),
    onBackoff: (details) => this.#note(details, ` and the wait of ${details.wait} ms after it`),
    onSuccess: ({ call }) => this.#calls.delete(call),
    onGiveup: ({ call }) => this.#calls.delete(call),
    onAbort: ({ call }) => this.#calls.delete(call),
  }

  #note({ call, name, tries }: Details, more: string): void {
    this.#calls.set(call, `${name || 'an unnamed call'}, attempt ${tries}${more}`)
  }
}

/** The clock that the code which asks runs by, if it is one of ours and not merely installed. */
const current = (): ManualClock | undefined =>
  [...running, ...scopes()].findLast((scope) => scope instanceof ManualClock)

/**
 * Makes a clock that drives every wait, deadline, timeout, breaker and hedge of @backon without real time passing.
 * It stands still until it is used: `run` moves it by itself, `install` and `advance` move it by hand. It drives what
 * asks core for the time (`clock()`, `sleep()`), not `Date`, nor the runtime's own timers.
 */
export const virtualClock = (options: VirtualClockOptions = {}): VirtualClock => new ManualClock(options)
