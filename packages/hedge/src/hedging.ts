import { type Attempt, clock, emit, fork, type Hooks, type Plugin, TimeoutError, type Wait } from '@backon/core'
import { check } from './check.ts'
import { HedgeLostError } from './error.ts'
import type { HedgeDetails } from './hooks.ts'
import type { LatencyWait } from './percentile.ts'

/** How to hedge. Times are in ms. */
export interface HedgeOptions<T = any> {
  /**
   * How long to wait for an answer before the next copy: a number, a list (no copy after its end) or a strategy, for which n
   * counts copies. 0 starts all copies at once. Default 1,000.
   */
  wait?: Wait<T> | LatencyWait | number | readonly number[] | undefined
  /** Copies in all, the first included: an integer of 1 or more; 1 is no hedging. Default 3. */
  maxHedge?: number | undefined
  /** When it has passed, all copies are aborted and the attempt fails with a TimeoutError. Default none. */
  timeout?: number | undefined
  /**
   * Further copies add at most this share of attempts, such as 0.05, over time; a number of 0 or more. Default none. What is
   * not used is saved, up to ten copies. Spent, the attempt runs on alone and asks again after each further wait. The
   * allowance belongs to the plugin, and starts at nothing.
   */
  maxExtraLoad?: number | undefined
  /** Told before each further copy. The copy waits for a promise it returns; what it throws ends the hedge. */
  onHedge?: ((details: HedgeDetails<T>) => unknown) | undefined
  /** Gets the values of copies that came too late, to close what has to be closed. */
  onDiscard?: ((value: T) => unknown) | undefined
}

/** The longest time that a timer can hold, 24.8 days: what is longer would fire at once, and means never here. */
const longest = 2_147_483_647

/**
 * As many copies as an allowance saves at most, so that a long good time does not pay for a storm of copies in a bad one.
 */
const mostSaved = 10

const soon = /* @__PURE__ */ Promise.resolve()

const details = (attempt: Attempt, copy: number): HedgeDetails => ({ ...attempt.details, copy })

const isThenable = (value: any): value is PromiseLike<unknown> => typeof value?.then === 'function'

const checkNumber = (name: string, value: any): void =>
  check(value >= 0 && typeof value === 'number', `${name} must be a number of 0 or more`, value)

/**
 * Makes a plugin that hedges each attempt: `use: [hedging({ wait: 100 })]`. When an attempt has not been answered after
 * `wait`, a copy of it starts, and so on up to `maxHedge` copies; the first that succeeds is the attempt's result, and the
 * others are aborted. A copy that fails makes the next start at once, unless its error has `retryable: false`, which ends
 * the hedge. When all have failed the attempt fails: with the error itself when one copy ran, else with an AggregateError
 * (its `cause` is the last error).
 *
 * Plugins inside see each copy as an attempt, plugins outside the whole hedge as one. Throws for unusable options. Hedge
 * only what may run twice.
 */
export const hedging = (options: HedgeOptions): Plugin => {
  const { wait = 1_000, maxHedge = 3, timeout = Infinity, maxExtraLoad = Infinity, onHedge, onDiscard } = options
  const list = typeof wait === 'function' ? [] : [wait].flat() as number[]
  const strategy: Wait & Partial<LatencyWait> = typeof wait === 'function' ? wait : ({ tries }) => list[typeof wait === 'number' ? 0 : tries - 1]
  const { observe } = strategy
  check(maxHedge > 0 && Number.isInteger(maxHedge), 'maxHedge must be an integer of 1 or more', maxHedge)
  checkNumber('timeout', timeout)
  checkNumber('maxExtraLoad', maxExtraLoad)
  for (const ms of list) checkNumber('wait', ms)
  for (const handler of [onHedge, onDiscard])
    check(!handler || typeof handler === 'function', 'onHedge, onDiscard must be a function', handler)

  // Each attempt earns a share of a copy. No clock in it: the share is the same at one call a minute, after an idle hour and
  // at 10,000 calls a second. It starts at next to nothing, not at nothing, as ten times 0.1 is not quite 1.
  let saved = 1e-9

  const race = (next: (attempt: Attempt) => unknown) => (attempt: Attempt): any => {
    const time = clock()
    const copies: Attempt[] = []
    const errors: unknown[] = []
    /** When the first copy started, as long as it has not failed and somebody wants to learn from it. */
    let began = observe && time.now()
    let timer: unknown
    let deadline: unknown
    /** What is cut off from outside, or by the timeout. */
    let cut: Attempt | undefined
    /** Returns or throws what came of it, once that is known. */
    let outcome: (() => unknown) | undefined
    let resolve: ((value: unknown) => void) | undefined

    const end = (fail: boolean, value: any, winner?: Attempt): void => {
      if (outcome) return
      outcome = () => {
        if (fail) throw value
        return value
      }
      // A first copy that lost would have taken longer still: left out, slow answers would vanish from what is learned.
      if (began! >= 0 && (!fail || value?.name === 'TimeoutError')) observe!(time.now() - began!)
      for (const copy of copies) {
        if (copy !== winner) copy.abort(cut?.reason ?? new HedgeLostError('the hedge is over'))
      }
      // Before that there is no timer.
      if (resolve) {
        time.clearTimeout(timer)
        time.clearTimeout(deadline)
        resolve(soon.then(outcome))
      }
    }

    /**
     * Opens the next copy when its time has come and there is as much saved as it needs, or looks again after a wait. An
     * error in the strategy or in `onHedge` ends the hedge. The last copy saved is for who was refused before: most answers
     * that are only a little late have come by then, so that a small allowance is spent on those that really are slow.
     */
    const watch = (needs?: number): void => {
      time.clearTimeout(timer)
      if (outcome || copies.length >= maxHedge) return
      try {
        // The details are those of the attempt, but n counts copies.
        const wait = strategy({ ...attempt.details, tries: copies.length })
        if (wait === undefined) return
        checkNumber('wait', wait)
        if ((needs || !wait) && saved >= (needs || 1)) {
          saved--
          open()
        } else if (wait && wait <= longest) timer = time.setTimeout(() => watch(needs ? 1 : 2), wait)
      } catch (error) {
        end(true, error)
      }
    }

    const open = (): void => {
      const child = fork(attempt)
      const copy = copies.push(child)

      const win = (value: any): void => {
        // What `onDiscard` throws or rejects is reported, as a plugin's is: the call that it belonged to has ended.
        if (outcome) return emit('onDiscard' as keyof Hooks, value, [options as Plugin])
        end(false, value, child)
        if (copies[1]) emit('onHedgeWin', details(attempt, copy), attempt.plugins)
      }

      const lose = (error: any): void => {
        if (outcome) return
        errors.push(error)
        if (copy < 2) began = undefined
        if (error?.retryable === false) end(true, error)
        else watch(1)
        if (!copies[errors.length])
          end(true, copies[1] ? new AggregateError(errors, `all ${errors.length} copies failed`, { cause: error }) : error)
      }

      const run = (): void => {
        let answer: unknown
        if (outcome) return
        if (copy > 1) emit('onHedge', details(attempt, copy), attempt.plugins)
        try {
          answer = next(child)
        } catch (error) {
          return lose(error)
        }
        if (!isThenable(answer)) return win(answer)
        answer.then(win, lose)
        if (resolve || wait === 0) watch()
      }

      const told = copy > 1 && onHedge?.(details(attempt, copy))
      if (isThenable(told)) told.then(run, (error) => end(true, error))
      else run()
    }

    saved = Math.min(saved, mostSaved) + maxExtraLoad
    open()
    if (outcome) return (outcome as () => unknown)()
    // Setting and clearing a timer costs more than all the rest, and who answers within this microtask needs none.
    return soon.then(() => {
      if (outcome) return outcome()
      return new Promise((settle) => {
        resolve = settle
        cut = fork(attempt)
        cut.whenAborted((reason) => end(true, reason))
        if (timeout <= longest)
          deadline = time.setTimeout(() => cut!.abort(new TimeoutError(`no result within ${timeout} ms`)), timeout)
        watch()
      })
    })
  }

  return {
    // A strategy or a handler is shown the attempt's times.
    timeless: (typeof wait !== 'function' || !!wait.timeless) && !onHedge,
    wrap: race,
  }
}
