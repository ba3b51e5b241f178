import type { Wait } from '../types.ts'
import { constant } from './constant.ts'

/** Makes a strategy of what may stand for one: a strategy itself, a number of ms, or a list of them. */
export const waitOf = (wait: Wait | number | readonly number[]): Wait =>
  // `null` is refused by `constant`, where `undefined` would mean its default.
  typeof wait === 'function' ? wait : constant(wait ?? (null as never))

/** Makes strategies of the members of a composite. Throws when there are none. */
export const waitsOf = (name: string, waits: readonly (Wait | number | readonly number[])[]): Wait[] => {
  if (!waits.length) throw new TypeError(`${name} must be given at least one wait`)
  return waits.map(waitOf)
}
