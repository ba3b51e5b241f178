import { state } from '../seams/state.ts'

/** A number in [0, 1), uniform: `Math.random` unless an override says otherwise. */
export const random = (): number => (state().force?.({}).random ?? Math.random)()
