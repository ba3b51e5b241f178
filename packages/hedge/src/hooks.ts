import type { Attempt, Details } from '@backon/core'

/** The facts of the attempt that is hedged, and which of its copies they are about. Times in ms. */
export interface HedgeDetails<T = any> extends Details<T> {
  /** The first copy is 1, so the first further one is 2. */
  readonly copy: number
}

/** The same, of a copy that has ended: with its `value` or `exception`, and how long it took. */
export interface HedgeOutcome<T = any> extends HedgeDetails<T> {
  readonly duration: number
}

declare module '@backon/core' {
  interface Hooks {
    /** Before each further copy, not before the first. */
    onHedge?(details: HedgeDetails): unknown
    /** A copy has failed, or given a value that `isFailure` turns down. Not told of one that was refused or has lost. */
    onHedgeFail?(details: HedgeOutcome): unknown
    /** A copy has won against others: only told when a further copy was started, and then also when the first wins. */
    onHedgeWin?(details: HedgeDetails): unknown
  }
}

/** Says which copy of an attempt it is about. */
export const facts = (attempt: Attempt, copy: number): HedgeDetails => ({ ...attempt.details, copy })
