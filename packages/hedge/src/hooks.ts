import type { Details } from '@backon/core'

/** The facts of the attempt that is hedged, and which of its copies they are about. */
export interface HedgeDetails<T = any> extends Details<T> {
  /** The first copy is 1, so the first further one is 2. */
  readonly copy: number
}

declare module '@backon/core' {
  interface Hooks {
    /** Before each further copy, not before the first. */
    onHedge?(details: HedgeDetails): unknown
    /** A copy has won against others: only told when a further copy was started, and then also when the first wins. */
    onHedgeWin?(details: HedgeDetails): unknown
  }
}
