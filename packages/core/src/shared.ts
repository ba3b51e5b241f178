import type { Clock, Forced, Options, Plugin } from './types.ts'

interface Shared {
  /** Plugins of every call, outside and inside those of the call itself. Replaced, never changed. */
  outer: readonly Plugin[]
  inner: readonly Plugin[]
  /** Changes whenever a plugin joins or leaves. */
  version: number
  /** Overrides in force, and all of them as one function. `override()` keeps both. */
  overrides?: readonly ((options: Options) => Forced | undefined)[]
  force?: ((options: Options) => Forced) | undefined
}

let shared: Shared | undefined

/** The only process-wide state. It hangs on a registered symbol, so that two copies of core in one process agree. */
export const state = (): Shared =>
  (shared ??= (globalThis as any)[Symbol.for('@backon/core/1')] ??= { outer: [], inner: [], version: 0 })

export const realClock: Clock = {
  now: () => performance.now(),
  // Looked up at each call, so that fake timers installed later are obeyed. Rounded up: timers cut fractions off and would come too early.
  setTimeout: (callback, ms) => setTimeout(callback, Math.ceil(ms)),
  clearTimeout: (handle) => clearTimeout(handle),
}

/** The clock in force: the real one unless an override says otherwise. */
export const clock = (): Clock => state().force?.({}).clock ?? realClock

/** A number in [0, 1), uniform: `Math.random` unless an override says otherwise. */
export const random = (): number => (state().force?.({}).random ?? Math.random)()
