/** A retry, or a further copy of a hedge, that a budget has refused. */
export interface BudgetEvent {
  /** The name of the budget, `''` when it has none. */
  readonly budget: string
  /** What it had left: less than was asked for. */
  readonly balance: number
  /** What was refused. */
  readonly kind: 'retry' | 'copy'
  /** The `call` in the records of the call in which it happened. */
  readonly call: object | undefined
  /** The name of that call; `undefined` outside a retry. */
  readonly name: string | undefined
}

/** A call that waits for its turn, or that a limit has refused. */
export interface LimitEvent {
  /** The name of the limit, `''` when it has none. */
  readonly limit: string
  /** Calls that hold a slot. */
  readonly running: number
  /** Calls that wait, this one not counted. */
  readonly queued: number
  /** Ms until the rate allows this call at the earliest; absent where nobody knows. */
  readonly retryAfter: number | undefined
  /** The `call` in the records of the call in which it happened; `undefined` outside a retry. */
  readonly call: object | undefined
  /** The name of that call; `undefined` outside a retry. */
  readonly name: string | undefined
}

/** A call that a throttle has refused. */
export interface ThrottleEvent {
  /** The name of the throttle, `''` when it has none. */
  readonly throttle: string
  /** The share of calls that it refuses at the moment. */
  readonly probability: number
  /** The `call` in the records of the call in which it happened; `undefined` outside a retry. */
  readonly call: object | undefined
  /** The name of that call; `undefined` outside a retry. */
  readonly name: string | undefined
}

/** Who may watch a budget: its own options, and every plugin of the call. They only watch: what they throw is reported. */
export interface BudgetHooks {
  /** A retry or a further copy was refused. */
  onBudgetReject?(event: BudgetEvent): unknown
}

/** Who may watch a limit: its own options, and every plugin of the call. They only watch: what they throw is reported. */
export interface LimitHooks {
  /** A call has to wait for its turn. */
  onLimitWait?(event: LimitEvent): unknown
  /** A call was refused: at once, or after it has waited for `maxWait`. */
  onLimitReject?(event: LimitEvent): unknown
}

/** Who may watch a throttle: its own options, and every plugin of the call. They only watch: what they throw is reported. */
export interface ThrottleHooks {
  /** A call was refused. */
  onThrottleReject?(event: ThrottleEvent): unknown
}

declare module '@backon/core' {
  interface Hooks extends BudgetHooks, LimitHooks, ThrottleHooks {}
}
