import { type Call, OVER, record } from '../engine/call.ts'
import { iterate, iterateSync, type SyncTurn, type Turn } from './iterate.ts'
import { share, type Shared, type Tracker } from '../engine/options.ts'
import { abort, runShared } from './retry.ts'
import { runSync } from './retry-sync.ts'
import type { Answer, Attempt, Details, Operation, Options, Plugin, Synchronous } from '../types.ts'

/** Numbers of the call that a policy began last, right during it and after it. Times in ms. */
export interface Statistics {
  /** Attempts started; 0 before the first call. */
  readonly attemptNumber: number
  /** Since the call began; does not grow once it has ended. */
  readonly elapsed: number
  /** Slept so far. */
  readonly idleFor: number
  /** When the call began, on the monotonic clock (`clock().now()`); `undefined` before the first call. */
  readonly startTime: number | undefined
}

/**
 * Retries by one set of options: `new Retrying({ maxTries: 5 }).call(fetchUser, id)`. Safe to share: calls keep nothing in
 * it but the numbers of the latest one. A plugin too: `use: [retrying]` retries inside another call.
 *
 * `await using retrying = new Retrying(options)` makes it a scope: leaving the block aborts the calls that are still running
 * and waits for them, and for those operations that had taken their signal. A closed policy takes no further calls.
 *
 * @example
 * const retrying = new Retrying({ wait: expo(), maxTries: 5 })
 * const user = await retrying.call(fetchUser, 1)
 */
export class Retrying<T = any, Raises extends boolean = boolean, Instead = any> implements Plugin {
  readonly #options: Options<any, any>
  #policy: Shared
  #last: Call | undefined
  /** Calls under way, each knowing its place: cheaper than a Set. */
  readonly #running: Call[] = []
  /** The attempt that the call about to begin is inside of. */
  #outer: Attempt | undefined
  #closed: unknown
  readonly #tracker: Tracker = {
    _opened: (call: Call) => {
      const outer = this.#outer
      this.#outer = undefined
      outer?.whenAborted((reason) => abort(call, reason))
      this.#last = call
      call._place = this.#running.push(call) - 1
    },
    _closed: (call: Call) => {
      const last = this.#running.pop()!
      if (last === call) return
      last._place = call._place!
      this.#running[call._place!] = last
    },
  }

  /** Throws a TypeError or RangeError for unusable options. */
  constructor(options: Options<T, Raises, Instead> = {}) {
    this.#options = { ...options }
    this.#policy = share(this.#options, this.#tracker)
  }

  /** Calls `fn(...args)` until it succeeds or it is enough. Settles as `retry` does. */
  call<Args extends readonly any[], Result extends T | PromiseLike<T>>(
    fn: (...args: Args) => Result,
    ...args: Args
  ): Promise<Answer<Awaited<Result>, Raises, Instead>> {
    return this.#closed ? Promise.reject(this.#closed) : runShared(this.#policy, () => fn(...args), fn ?? null, args)
  }

  /** As `call`, for a synchronous function: blocks while it waits, see `retrySync`. */
  callSync<Args extends readonly any[], Result extends T>(fn: (...args: Args) => Synchronous<Result>, ...args: Args): Answer<Result, Raises, Instead> {
    if (this.#closed) throw this.#closed
    return runSync(this.#policy, () => fn(...args), fn ?? null, args)
  }

  /**
   * Makes an operation that retries `next`. Called on its own it starts a call of its own; given an attempt (as a plugin of another
   * call) it ends when that attempt is aborted. `next` receives the attempts, and with them their signals.
   */
  wrap<Result>(next: (attempt: Attempt) => Result): (attempt?: Attempt) => Promise<Answer<Awaited<Result>, Raises, Instead>>
  wrap<Result>(next: Operation<Result>): Operation<Result>
  wrap(next: Operation<any>): (attempt?: Attempt) => Promise<any> {
    return (outer) => {
      if (this.#closed) return Promise.reject(this.#closed)
      if (!outer) return runShared(this.#policy, next)
      if (outer.aborted) return Promise.reject(outer.reason)
      const { target, args } = outer.details
      this.#outer = outer
      const result = runShared(this.#policy, next, target, [...args])
      this.#outer = undefined
      return result
    }
  }

  /** A new policy with some options replaced, and numbers of its own. */
  copy<NowRaises extends boolean = Raises, NowInstead = Instead>(overrides?: Options<T, NowRaises, NowInstead>): Retrying<T, NowRaises, NowInstead> {
    return new Retrying<T, NowRaises, NowInstead>({ ...this.#options, ...overrides })
  }

  /** Whether it retries; `false` runs each operation once, with no plugin, no handler and no bound. Applies to calls that start later. */
  get enabled(): boolean {
    return this.#policy._options.enabled !== false
  }

  set enabled(enabled: boolean) {
    this.#policy = share({ ...this.#options, enabled }, this.#tracker)
  }

  /** Numbers of the call that was begun last. */
  get statistics(): Statistics {
    const call = this.#last
    return {
      attemptNumber: call?._tries ?? 0,
      elapsed: call ? (call._step === OVER ? call._ended! - call._started : call._policy._clock.now() - call._started) : 0,
      idleFor: call?._idleFor ?? 0,
      startTime: call?._started,
    }
  }

  /** The facts of the latest call as they stand; `undefined` before the first. */
  get callState(): Details<T> | undefined {
    return this.#last && (record(this.#last) as Details<T>)
  }

  /** `for await (const attempt of retrying) await attempt.run(operation)`: each loop is a call of its own. */
  [Symbol.asyncIterator](): AsyncGenerator<Turn, undefined> {
    if (this.#closed) throw this.#closed
    return iterate(this.#policy)
  }

  /** `for (const attempt of retrying) attempt.run(operation)`: each loop is a call of its own, and blocks between attempts. */
  [Symbol.iterator](): Generator<SyncTurn, undefined> {
    if (this.#closed) throw this.#closed
    return iterateSync(this.#policy)
  }

  /** Aborts what still runs and waits for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= new DOMException('the scope of this policy was left', 'AbortError')
    const waiting: unknown[] = []
    for (const call of this.#running.slice()) {
      // Only an operation that took its signal can know that it is to stop.
      if (call._attempt?._controller) waiting.push(call._work)
      abort(call, this.#closed)
    }
    await Promise.allSettled(waiting)
  }
}
