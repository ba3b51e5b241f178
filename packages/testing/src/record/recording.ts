import type { End, Undo } from '@backon/core'
import type { PluginEvent } from './plugin-events.ts'

/** One run of an operation. Times are in ms. */
export interface RecordedAttempt {
  /** The first is 1. */
  readonly tries: number
  /** When it began, since the recording began (or since the recording first saw the clock in question). */
  readonly at: number
  /** `'refused'`: it was never made, as an open circuit or a full limit let nothing through (`error.refused`). */
  readonly outcome: 'running' | 'returned' | 'threw' | 'refused' | 'aborted'
  /** How often the operation was started in it: 1, and one more for each hedged copy. */
  readonly copies: number
  readonly duration?: number
  readonly value?: unknown
  readonly exception?: unknown
}

/** One call, with all that happened in it so far. */
export interface RecordedCall {
  readonly name: string
  /** `'failure'`: it gave up, or met what is not retried. */
  readonly outcome: 'running' | 'success' | 'failure' | 'aborted'
  /** Why it has ended, as in the records of core: `'success'`, `'fatal'`, `'tries'`, `'time'`, `'exhausted'`, `'stop'`, `'giveup'`, `'refused'` or `'abort'`. */
  readonly end?: End
  readonly attempts: readonly RecordedAttempt[]
  /** Attempts begun, those that were refused among them. */
  readonly tries: number
  /** Hedged copies that were started beside the attempts themselves. */
  readonly copies: number
  /** Who refused an attempt, a copy or a retry, in order, each time once: `'circuit'`, `'limit'`, `'budget'`, or what `error.refusedBy` says. */
  readonly refusals: readonly string[]
  /** What was waited between the attempts, as decided, in ms. */
  readonly waits: readonly number[]
  /** Its last outcome: at most one of the two is there, even when it is `undefined`, once it has ended. */
  readonly value?: unknown
  readonly exception?: unknown
  /** Why it was cut off: of an aborted call only. */
  readonly reason?: unknown
}

/** What a plugin had to say: a breaker, a hedge, a limit or a budget. */
export interface RecordedEvent {
  readonly at: number
  /** As the hook is called: `'onCircuitOpen'`, `'onHedgeWin'`. */
  readonly event: PluginEvent
  readonly facts: Readonly<Record<string, any>>
  /** The call it happened in, if it was in one. */
  readonly call: RecordedCall | undefined
}

/** What was seen, growing until it is undone. */
export interface Recording extends Undo {
  /** In the order they began. Calls of disabled retries are not among them: they tell nobody. */
  readonly calls: readonly RecordedCall[]
  /** Events of circuits, hedges, limits and budgets, in order. */
  readonly events: readonly RecordedEvent[]
  /** All of it as text, a line for each thing that happened. */
  toString(): string
}
