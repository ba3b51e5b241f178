import { type Clock, type Options, override, type Plugin, type Undo } from '@backon/core'
import { nonNegative, optionsOf, undo } from '@backon/core/kit'
import { Agenda, type Entry } from './agenda.ts'
import { Patience } from './patience.ts'
import { bound, enter, scopable, scopes } from '../scope.ts'
import { turn } from './turn.ts'
import { Waiting } from './waiting.ts'

/** How a virtual clock behaves. */
export interface VirtualClockOptions {
  /** What `now()` says at first, in ms. Default 0. */
  now?: number
  /**
   * How long real I/O in progress may take before the clock moves on without it, or takes a standstill for a deadlock: so many naps of
   * 1 ms, which take longer on a busy machine. Default 250. It is spent once for what hangs, not once a timer.
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
   * clock; elsewhere the whole process does, and a second clock throws. Rejects when it would never end, and says who waits: when nothing is
   * due and nothing runs, when somebody sleeps for ever, and when waits of 0 ms follow each other without time passing.
   */
  run<T>(run: () => T | PromiseLike<T>): Promise<T>
  /** Moves `ms` ahead, and lets everything that is due until then happen on the way, in order. In `run` it is a wait of that length. */
  advance(ms: number): Promise<void>
  /** Puts the whole process on this clock, for a test that moves it by hand. Two at once throw. Returns its undo. */
  install(): Undo
  /** Keeps the clock still until something real has settled: a query, a file, a server of your own. Gives what it gave. */
  real<T>(work: PromiseLike<T> | (() => PromiseLike<T>)): Promise<T>
}

// 300 years: whatever is still due then sleeps for ever.
const endOfTime = 1e13

/** So many timers of 0 ms, each set by the one before it, are a loop that ends only when time passes. */
const mostRounds = 10_000
/** So many waits of 0 ms in synchronous calls are one too. */
const mostBlocks = 20_000

const advice = 'time passes only in waits, so give it a wait or maxTries'

/** Behind whatever else is due at the same time. */
const last = 2 ** 52

/** The clock of the process, if there is one: at most one is in each of these. */
const installed = new Set<ManualClock>()
/** The clock that runs, where scopes cannot be kept apart. */
const running = new Set<ManualClock>()

class ManualClock implements VirtualClock {
  readonly #agenda = new Agenda()
  readonly #patience: Patience
  readonly #waiting = new Waiting(() => this.#now)
  #now: number
  #order = 0
  #driven = false
  /** Settles with the last move made by hand. */
  #moved: Promise<void> = Promise.resolve()
  /** How often timers that were set at this very moment have had their turn, and from which order on the next turn begins. */
  #rounds = 0
  #nextRound = 0
  #blocks = 0

  constructor({ now = 0, patience = 250 }: VirtualClockOptions) {
    nonNegative({ now, patience })
    this.#now = now
    this.#patience = new Patience(patience)
  }

  // Clocks are passed around as plain functions, so none of these may depend on `this`.
  readonly now = (): number => this.#now

  readonly setTimeout = (callback: () => void, ms: number): Entry =>
    this.#agenda.add(this.#now + (ms > 0 ? ms : 0), this.#order++, bound(callback))

  readonly clearTimeout = (entry: Entry | undefined): void => {
    if (entry) this.#agenda.remove(entry)
  }

  /** What falls due meanwhile happens afterwards, late, as when a thread is really blocked. */
  readonly block = (ms: number): void => {
    if (this.#now + ms > endOfTime) throw new Error(`the virtual clock would reach ${this.#now + ms} ms: a synchronous call sleeps for ever`)
    if (ms > 0) this.#reach(this.#now + ms)
    else if (++this.#blocks > mostBlocks) throw new Error(`the clock stands at ${this.#now} ms while a synchronous call waits 0 ms again and again: ${advice}`)
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
    this.#patience.look()
    this.#waiting.clear()
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
    nonNegative({ ms })
    // After everything else that is due then.
    if (this.#driven) return new Promise((resolve) => void this.#agenda.add(this.#now + ms, last + this.#order++, resolve))
    // Who does not await one move before the next still gets both, one after the other.
    const moved = this.#moved.then(() => this.#move(ms))
    this.#moved = moved.catch(() => {})
    return moved
  }

  async real<T>(work: PromiseLike<T> | (() => PromiseLike<T>)): Promise<T> {
    return this.#patience.hold(() => (typeof work === 'function' ? work() : work))
  }

  async #move(ms: number): Promise<void> {
    const until = this.#now + ms
    this.#patience.look()
    await this.#quiet()
    while (this.#agenda.first && this.#agenda.first.due <= until) {
      this.#fire()
      await this.#quiet()
    }
    this.#reach(until)
  }

  async #drive(settled: () => boolean): Promise<void> {
    for (;;) {
      await this.#quiet(settled)
      if (settled()) return
      const { first } = this.#agenda
      if (!first) await this.#standstill(settled)
      else if (first.due > endOfTime) throw new Error(`the virtual clock has reached ${this.#now} ms, and this sleeps on: ${this.#waiting.toString()}`)
      else this.#fire()
    }
  }

  /** Moves to the next due timer and lets it happen. */
  #fire(): void {
    const entry = this.#agenda.first!
    this.#agenda.remove(entry)
    this.#reach(entry.due)
    if (entry.order >= this.#nextRound) {
      this.#nextRound = this.#order
      if (++this.#rounds > mostRounds || this.#waiting.stuck) throw new Error(`the clock stands at ${this.#now} ms while timers of 0 ms follow each other: ${advice}; still waiting: ${this.#waiting.toString()}`)
    }
    entry.callback()
  }

  /** Time never turns back: what has become late in a call that blocked happens now. */
  #reach(ms: number): void {
    if (ms <= this.#now) return
    this.#now = ms
    this.#rounds = this.#nextRound = this.#blocks = 0
  }

  /** Waits until nothing can happen any more without time passing. */
  async #quiet(settled = (): boolean => false): Promise<void> {
    this.#patience.renew()
    for (let still = 0; still < 2 && !settled(); ) {
      const seen = this.#order
      await turn()
      still++
      if (seen !== this.#order) {
        still = 0
        this.#patience.renew()
      } else if (still === 2 && (await this.#patience.forWork())) still = 0
    }
  }

  /** Nothing is due. Something that nobody can see may still be in progress, so it gets some time. */
  async #standstill(settled: () => boolean): Promise<void> {
    this.#patience.renew()
    while (!settled() && !this.#agenda.first) {
      if (!(await this.#patience.forAnything())) throw new Error(`deadlock at ${this.#now} ms: nothing is due and nothing is running, but still waiting: ${this.#waiting.toString()}`)
    }
  }

  #watched({ use }: Options): readonly Plugin[] {
    // What is not a list is left for core to refuse.
    return Array.isArray(use ?? []) ? [...(use ?? []), this.#waiting.plugin] : use!
  }
}

/** The clock that the code which asks runs by, if it is one of ours and not merely installed. */
const current = (): ManualClock | undefined =>
  [...running, ...scopes()].findLast((scope) => scope instanceof ManualClock)

/**
 * Makes a clock that drives every wait, deadline, timeout, breaker and hedge of `@backon` without real time passing.
 * It stands still until it is used: `run` moves it by itself, `install` and `advance` move it by hand; synchronous calls move it where they
 * would block. It drives what asks core for the time (`clock()`, `sleep()`), not `Date`, nor the runtime's own timers.
 *
 * @example
 * ```ts
 * const clock = virtualClock()
 * await clock.run(() => retry(load, { wait: 3_600_000 }))
 * clock.now() // hours later
 * ```
 */
export const virtualClock = (options: VirtualClockOptions = {}): VirtualClock => new ManualClock(optionsOf('virtualClock', options, ['now', 'patience']))
