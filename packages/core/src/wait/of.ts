import { atLeastZero, invalid } from '../check.ts'
import type { Details, Jitter, Wait } from '../types.ts'
import type { WaitLike } from './ask.ts'

/** Checks what may stand for a wait. A list is copied. */
export const waitOf = <T>(name: string, wait: WaitLike<T>): WaitLike<T> => {
  if (typeof wait === 'number') return atLeastZero(name, wait)
  if (typeof wait === 'function') return wait
  if (!Array.isArray(wait)) invalid(name, 'a strategy, a number of ms or a list of them', wait)
  const list = [...(wait as readonly number[])]
  for (const ms of list) atLeastZero(name, ms)
  return list
}

/** Checks the members of a composite. Throws when there are none. */
export const waitsOf = <T>(name: string, waits: readonly WaitLike<T>[]): readonly WaitLike<T>[] => {
  if (!waits.length) throw new TypeError(`${name} must be given at least one wait`)
  return waits.map((wait) => waitOf(`a wait of ${name}`, wait))
}

/**
 * Makes a strategy that asks its `members` with `waitFor`, by the jitter of the call that it is handed. Asked without one, it gives its plain
 * value, as every strategy does.
 */
export const composite = <T>(
  members: readonly WaitLike<T>[],
  finite: boolean,
  ask: (details: Details<T>, jitter: Jitter | null | undefined) => number | undefined,
): Wait<T> =>
  // That a jitter is handed over counts, also where it is `undefined`: nothing is said, so the members marked `spread` are spread.
  Object.assign((details: Details<T>, ...handed: [jitter?: Jitter | null]) => ask(details, handed.length ? handed[0] : null), {
    exact: true,
    composite: true,
    finite,
    timeless: members.every((member) => typeof member !== 'function' || !!member.timeless),
  })
