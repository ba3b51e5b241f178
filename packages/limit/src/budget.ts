import { type BackoffDetails, clock, type Details, emit, type GiveupDetails, type Plugin } from '@backon/core'
import { announce, atLeastZero, check, invalid, type Level, nonNegative, optionsOf } from '@backon/core/kit'
import type { BudgetHooks } from './hooks.ts'
import { read } from './read.ts'

/** What is left of a budget while the process sleeps or is down: the result of `toJSON()`. */
export interface BudgetState {
  readonly balance: number
  /** When that was, in ms since 1970. */
  readonly at: number
}

/** How much a budget allows. Every part is optional. */
export interface RetryBudgetOptions extends BudgetHooks {
  /** What a call that succeeds adds: 0.1 allows one retry for ten successes. 0 or more. Default 0.1. */
  ratio?: number | undefined
  /** What it starts with, `max` at most: a process that has just begun may retry too. 0 or more. Default 3. */
  credit?: number | undefined
  /** What it never goes above, so that a long good time does not pay for a storm of retries. 0 or more. Default 100. */
  max?: number | undefined
  /** Adds 1 in so many ms, without any success, so that who calls rarely may retry too; `Infinity` for never. Default 10,000. */
  every?: number | undefined
  /** What a retry takes, given the outcome that it is for: 0 or more. Default 1. A further copy of a hedge always takes 1. */
  cost?: ((details: Details) => number) | undefined
  /** Stands in events and levels. Default `''`. */
  name?: string | undefined
  /** What `toJSON()` gave before a restart: it is used instead of `credit`. */
  state?: BudgetState | undefined
}

/** What a call has paid for its next attempt. */
interface Payment {
  /** After which attempt. */
  readonly _after: number
  readonly _amount: number
}

/** What time adds. A clock that goes back adds nothing. */
const gain = (ms: number, every: number): number => (ms > 0 ? ms / every : 0)

/** Whether it was never made: a layer further in has refused it. */
const refused = ({ exception }: Details): boolean => read(exception, 'refused') === true

/** Gives back what a call has paid for an attempt that has not run: it was `idle`, or has not begun. */
const settle = (budget: RetryBudget, { call, tries }: Details, idle = false): void => {
  const payment = budget._payments.get(call)
  if (payment && (idle || payment._after === tries)) budget.giveBack('retry', payment._amount)
  budget._payments.delete(call)
}

/**
 * Makes one allowance for all retries, and further copies of hedges, of what it is given to: `use: [budget]`, `hedging({ budget })`. A
 * call that succeeds earns `ratio`, a retry or a further copy takes 1. What cannot be paid for is refused: the call gives up at
 * once with its own last outcome (`end` is `'refused'`), and a hedge runs on with the copies it has. First attempts cost nothing, so
 * the load of an outage stays near that of a world without retries. It has no timers. Throws for an unusable option.
 *
 * @example
 * const budget = new RetryBudget({ name: 'users' })
 * await retry(load, { use: [budget] })
 */
export class RetryBudget implements Plugin {
  /** As given, or `''`. */
  declare readonly name: string
  /** It asks for no times of an attempt. */
  declare readonly timeless: true
  /** @internal */
  declare readonly _options: RetryBudgetOptions & { readonly ratio: number; readonly credit: number; readonly max: number; readonly every: number }
  /** @internal */
  declare readonly _payments: WeakMap<object, Payment>
  /** @internal */
  declare _balance: number
  /** @internal When the balance was that, in ms of the clock. */
  declare _at: number

  constructor(options: RetryBudgetOptions = {}) {
    const { ratio = 0.1, credit = 3, max = 100, every = 10_000, name = '', cost, state } = optionsOf('RetryBudget', options, ['ratio', 'credit', 'max', 'every', 'cost', 'name', 'state', 'onBudgetReject'])
    nonNegative({ ratio, credit, max, ...(state && { balance: state.balance, at: state.at }) })
    if (!(typeof every === 'number' && every > 0)) invalid('every', 'a number above 0', every)
    check('string', { name })
    // oxlint-disable-next-line typescript/unbound-method -- looked at, not called
    check('function', { cost, onBudgetReject: options.onBudgetReject })
    this.name = name
    this.timeless = true
    this._options = { ...options, ratio, credit, max, every }
    this._payments = new WeakMap()
    this._at = clock().now()
    this._balance = 0
    this.giveBack('retry', state ? state.balance + gain(Date.now() - state.at, every) : credit)
    announce(this)
  }

  /** What it has at the moment: a retry or a copy takes 1 of it. */
  get balance(): number {
    const now = clock().now()
    this.giveBack('retry', gain(now - this._at, this._options.every))
    this._at = now
    return this._balance
  }

  /**
   * Takes `amount` for a retry or a further copy and says `true`; or says `false`, takes nothing, and tells `onBudgetReject` to `plugins`:
   * those of the call, by default those of the process. For who decides about retries or copies.
   */
  take(kind: 'retry' | 'copy', details: Details, plugins?: readonly Plugin[], amount = 1): boolean {
    const { balance } = this
    // Ten times 0.1 is not quite 1.
    if (balance + 1e-9 >= amount) {
      this._balance = Math.max(balance - amount, 0)
      return true
    }
    const event = { budget: this.name, balance, kind, call: details.call, name: details.name }
    emit('onBudgetReject', event, [this._options])
    emit('onBudgetReject', event, plugins)
    return false
  }

  /** Gives back what was taken for a retry or a copy that did not start. */
  giveBack(_kind: 'retry' | 'copy', amount = 1): void {
    this._balance = Math.min(this._balance + amount, this._options.max)
  }

  /** Adds what a success earns. */
  earn(): void {
    this.giveBack('retry', this._options.ratio)
  }

  /** What `state` takes after a restart, or when a process that sleeps between requests wakes up. */
  toJSON(): BudgetState {
    return { balance: this.balance, at: Date.now() }
  }

  /** Where it stands at this moment: for who shows levels. */
  level(): Level {
    const { balance, name } = this
    return { kind: 'budget', name, values: { balance }, severity: -balance }
  }

  /** The plugin: takes what the retry costs, or refuses it. Throws for a cost that is no number of 0 or more. */
  stop(details: BackoffDetails, plugins?: readonly Plugin[]): false | 'refused' {
    settle(this, details, refused(details))
    const { cost } = this._options
    const _amount = cost ? atLeastZero('cost', cost(details)) : 1
    if (!this.take('retry', details, plugins, _amount)) return 'refused'
    this._payments.set(details.call, { _after: details.tries, _amount })
    return false
  }

  onSuccess(): void {
    this.earn()
  }

  onGiveup(details: GiveupDetails): void {
    settle(this, details, refused(details))
  }

  onAbort(details: Details): void {
    settle(this, details)
  }
}
