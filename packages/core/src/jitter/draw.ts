import { state } from '../seams/state.ts'

/**
 * A number in [0, 1), uniform: `Math.random` unless an override says otherwise.
 *
 * @example
 * const spread: Jitter = (wait) => wait * (0.9 + 0.2 * random())
 */
export const random = (): number => (state().force?.({}).random ?? Math.random)()
