import { state } from '../seams/state.ts'
import type { Clock } from '../types.ts'

export const realClock: Clock = {
  now: () => performance.now(),
  // Looked up at each call, so that fake timers installed later are obeyed. Rounded up: timers cut fractions off and would come too early.
  setTimeout: (callback, ms) => setTimeout(callback, Math.ceil(ms)),
  clearTimeout: (handle) => clearTimeout(handle),
}

/**
 * The clock in force: the real one unless an override says otherwise.
 *
 * @example
 * const began = clock().now()
 * const took = (): number => clock().now() - began // ms
 */
export const clock = (): Clock => state().force?.({}).clock ?? realClock
