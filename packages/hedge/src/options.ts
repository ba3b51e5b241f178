import type { Plugin } from '@backon/core'
import { atLeastZero, check, invalid, type WaitLike, waitOf } from '@backon/core/kit'
import type { HedgeDetails, HedgeOutcome } from './hooks.ts'
import { type IsHedgeFailure, judgeWith } from './judge.ts'
import type { LatencyWait } from './percentile.ts'

/** What a hedge asks of a budget: `RetryBudget` of @backon/limit is one. */
export interface HedgeBudget {
  /** Pays for one further copy, or says that it cannot. `plugins` are those to tell of a refusal. */
  take(kind: 'retry' | 'copy', details: HedgeDetails, plugins?: readonly Plugin[]): boolean
  /** Takes back what was paid for a copy that never ran. */
  giveBack(kind: 'retry' | 'copy'): void
  /** Adds what a success earns. */
  earn(): void
}

/** How to hedge. Times are in ms. */
export interface HedgeOptions<T = any> {
  /**
   * How long to wait for an answer before the next copy: a number, a list (no copy after its end) or a strategy, asked once a copy, in
   * whose record `tries` counts copies. No jitter. 0 starts all copies at once. Default 1,000.
   */
  wait?: WaitLike<T> | LatencyWait | undefined
  /** Copies in all, the first included: an integer of 1 or more; 1 is no hedging. Default 3. */
  maxHedge?: number | undefined
  /** When it has passed, all copies are aborted and the attempt fails with a TimeoutError. Default none. */
  timeout?: number | undefined
  /** A copy that has failed starts the next at once; `false`: copies start by time only. Default `true`. */
  eager?: boolean | undefined
  /**
   * Judges what a copy returned or threw. `false`: it is an answer, and decides. `true`: a failure, which does not win while another copy is
   * out. `'ignore'`: neither; it does not win either, and starts no copy. When no copy has an answer, the last of these comes out as it
   * is. Default: what is thrown is a failure. If it throws or gives a promise, that is reported once, and the default judges.
   */
  isFailure?: IsHedgeFailure<T> | undefined
  /**
   * Further copies add at most this share of attempts, such as 0.05, over time; a number of 0 or more. Default none. What is
   * not used is saved, up to ten copies. Spent, the attempt runs on alone and asks again after each further wait. The
   * allowance belongs to the plugin, and starts at nothing.
   */
  maxExtraLoad?: number | undefined
  /** Pays for each further copy, such as a `RetryBudget` that pays for retries too. What it refuses does not start: the copies that are out decide. */
  budget?: HedgeBudget | undefined
  /** Told before each further copy. The copy waits for a promise it returns; what it throws ends the hedge. */
  onHedge?: ((details: HedgeDetails<T>) => unknown) | undefined
  /** Told of each copy that has failed, or given a value that `isFailure` turns down: others may still answer. What it throws is reported. */
  onHedgeFail?: ((details: HedgeOutcome<T>) => unknown) | undefined
  /** Gets the values of copies that nobody takes, since they came too late or were turned down: to close what has to be closed. What it throws is reported. */
  onDiscard?: ((value: T) => unknown) | undefined
}

/** As many copies as the allowance saves at most, so that a long good time does not pay for a storm of copies in a bad one. */
const mostSaved = 10

/** What all races of one plugin share: its options, checked, and the allowance of `maxExtraLoad`. */
export interface Plan extends HedgeOptions {
  readonly wait: WaitLike
  readonly maxHedge: number
  readonly timeout: number
  readonly maxExtraLoad: number
  /** Learns from the latencies of first copies. */
  readonly _observe: ((latency: number) => void) | undefined
  readonly _judge: IsHedgeFailure | undefined
  /** Somebody wants to know how long a copy took. */
  readonly _timed: boolean
  /** The budget, where the hedge is the whole call: what its success earns, nobody else sees. */
  readonly _earner: HedgeBudget | undefined
  /** Copies saved in the allowance. */
  _saved: number
}

/** Each attempt earns its share of a copy. No clock in it: the share is the same at one call a minute and at 10,000 a second. */
export const earn = (plan: Plan): void => {
  plan._saved = Math.min(plan._saved, mostSaved) + plan.maxExtraLoad
}

/** What they are called. */
export const names = ['wait', 'maxHedge', 'timeout', 'eager', 'isFailure', 'maxExtraLoad', 'budget', 'onHedge', 'onHedgeFail', 'onDiscard'] as const

/** Checks options. Throws a TypeError or RangeError that names the first unusable one. */
export const planOf = (options: HedgeOptions, whole: boolean): Plan => {
  const { wait = 1_000, maxHedge = 3, timeout = Infinity, maxExtraLoad = Infinity, budget, eager, isFailure, onHedge, onHedgeFail, onDiscard } = options
  const waits = waitOf('wait', wait)
  if (!(maxHedge > 0 && Number.isInteger(maxHedge))) invalid('maxHedge', 'an integer of 1 or more', maxHedge)
  atLeastZero('timeout', timeout)
  atLeastZero('maxExtraLoad', maxExtraLoad)
  if (eager !== undefined) check('boolean', { eager })
  if (isFailure ?? onHedge ?? onHedgeFail ?? onDiscard) check('function', { isFailure, onHedge, onHedgeFail, onDiscard })
  if (budget) for (const name of ['take', 'giveBack', 'earn'] as const) check('function', { [`budget.${name}`]: budget[name] ?? 0 })
  const { observe } = wait as Partial<LatencyWait>
  return {
    wait: waits,
    maxHedge,
    timeout,
    maxExtraLoad,
    budget,
    eager,
    onHedge,
    onHedgeFail,
    onDiscard,
    _observe: observe,
    _judge: isFailure && judgeWith(isFailure),
    _timed: !!(observe || isFailure || onHedgeFail),
    _earner: whole ? budget : undefined,
    // Next to nothing, and not nothing, as ten times 0.1 is not quite 1.
    _saved: 1e-9,
  }
}
