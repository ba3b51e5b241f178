import { note } from '../engine/attempt.ts'
import { type Call, record } from '../engine/call.ts'
import { abort } from '../engine/conclude.ts'
import { cuttingOf } from '../engine/cut.ts'
import { current, share, type Shared, type Tracker } from '../engine/options.ts'
import { optionsOf } from '../seams/given.ts'
import { merge } from '../names.ts'
import type { Answer, Attempt, Details, Operation, Options, Plugin, Synchronous } from '../types.ts'
import { iterate, iterateSync, type SyncTurn, type Turn } from './iterate.ts'
import { run } from './retry.ts'
import { runSync } from './retry-sync.ts'

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

/** What belongs to one call of a policy. */
export interface RunOptions {
  /** Cuts this call short: it rejects at once with the identical `signal.reason`. */
  readonly signal?: AbortSignal | undefined
  /** How this call is named in records, logs and metrics. Default: the policy's `name`, else the operation's own name. */
  readonly name?: string | undefined
}

const none: RunOptions = {}

/**
 * Retries by one set of options: `new Retrying({ maxTries: 5 }).call(fetchUser, id)`. Safe to share: calls keep nothing in
 * it but the numbers of the latest one. A plugin too: `use: [retrying]` retries inside another call.
 *
 * `await using retrying = new Retrying(options)` makes it a scope: leaving the block aborts the calls that are still running
 * and waits for them, and for those operations that had taken their signal. A closed policy takes no further calls.
 *
 * @example
 * const retrying = new Retrying({ wait: expo(), maxTries: 5 })
 * const user = await retrying.run(({ signal }) => fetchUser(1, { signal }))
 */
export class Retrying<T = any, Raises extends boolean = boolean, Instead = any> implements Plugin {
  #policy: Shared
  #last: Call | undefined
  /** Calls under way, each with its place: cheaper than a Set. */
  readonly #running: Call[] = []
  #closed: unknown
  readonly #tracker: Tracker = {
    _opened: (call: Call) => {
      if (this.#closed) return abort(call, this.#closed)
      this.#last = call
      cuttingOf(call)._place = this.#running.push(call) - 1
    },
    _closed: (call: Call) => {
      const place = call._cutting?._place ?? -1
      if (this.#running[place] !== call) return
      const last = this.#running.pop()!
      if (last === call) return
      last._cutting!._place = place
      this.#running[place] = last
    },
  }

  /** Throws a TypeError or RangeError for unusable options. */
  constructor(options: Options<T, Raises, Instead> = {}) {
    this.#policy = share(options, this.#tracker)
  }

  /**
   * Calls an operation until it succeeds or it is enough: what a service writes most. The operation receives the attempt. `signal` cuts this call
   * short, as well as the one of the policy; `name` names it in records, logs and metrics. Settles as `retry` does.
   */
  run<Given extends T = T, Result extends T | PromiseLike<T> = Given | PromiseLike<Given>>(
    operation: (attempt: Attempt) => Result,
    options?: RunOptions,
  ): Promise<Answer<Awaited<Result>, Raises, Instead>> {
    if (this.#closed) return Promise.reject(this.#closed)
    const { signal, name } = options ? optionsOf('run', options, ['signal', 'name']) : none
    return run(current, this.#policy, (attempt) => note(attempt, operation(attempt)), operation ?? null, [], signal, name)
  }

  /** Calls `fn(...args)` until it succeeds or it is enough. Settles as `retry` does. */
  call<Args extends readonly any[], Result extends T | PromiseLike<T>>(
    fn: (...args: Args) => Result,
    ...args: Args
  ): Promise<Answer<Awaited<Result>, Raises, Instead>> {
    return this.#closed ? Promise.reject(this.#closed) : run(current, this.#policy, (attempt) => note(attempt, fn(...args)), fn ?? null, args)
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
      const noted: Operation<any> = (attempt) => note(attempt, next(attempt))
      if (!outer) return run(current, this.#policy, noted, next ?? null)
      const { target, args } = outer.details
      return run(current, this.#policy, noted, target, [...args], outer)
    }
  }

  /** A new policy with some options replaced, and numbers of its own. An option that is `undefined` stays as it was. */
  copy<NowRaises extends boolean = Raises, NowInstead = Instead>(overrides?: Options<T, NowRaises, NowInstead>): Retrying<T, NowRaises, NowInstead> {
    return new Retrying(merge(this.#policy._options, overrides) as Options<T, NowRaises, NowInstead>)
  }

  /** Whether it retries; `false` runs each operation once, with no plugin, no handler and no bound. Applies to calls that start later. */
  get enabled(): boolean {
    return this.#policy._options.enabled !== false
  }

  set enabled(enabled: boolean) {
    this.#policy = share({ ...this.#policy._options, enabled }, this.#tracker)
  }

  /** Numbers of the call that was begun last. */
  get statistics(): Statistics {
    const call = this.#last
    return {
      attemptNumber: call?._tries ?? 0,
      elapsed: !call ? 0 : call._phase === 'over' ? call._elapsed : call._policy._clock.now() - call._started,
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
      if (call._attempt?._taken) waiting.push(call._attempt._work)
      abort(call, this.#closed)
    }
    await Promise.allSettled(waiting)
  }
}
