import type { Forced, Options, Plugin, Undo } from '../types.ts'

interface Shared {
  /** Plugins of every call, outside and inside those of the call itself. Replaced, never changed. */
  outer: readonly Plugin[]
  inner: readonly Plugin[]
  /** Changes whenever a plugin joins or leaves. */
  version: number
  /** Overrides in force, and all of them as one function. `override()` keeps both. */
  overrides?: readonly ((options: Options) => Forced | undefined)[]
  force?: ((options: Options) => Forced) | undefined
  /** The undo of each `disable()` in force. */
  disabled: Undo[]
  /** What was said once and is not said again. */
  told?: Set<string>
}

let shared: Shared | undefined

/** The only process-wide state. It hangs on a registered symbol, so that two copies of core in one process agree. */
export const state = (): Shared =>
  (shared ??= (globalThis as any)[Symbol.for('@backon/core/1')] ??= { outer: [], inner: [], version: 0, disabled: [] })
