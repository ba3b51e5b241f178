import type { Details, Wait } from '@backon/core'
import { atLeastZero } from '@backon/core/kit'

/** Makes a strategy of what may stand for one: a number of ms, or a list of them, which is copied. */
export const strategyOf = (name: string, wait: Wait | number | readonly number[]): Wait => {
  if (typeof wait === 'function') return wait
  const list = ([] as readonly number[]).concat(wait)
  for (const ms of list) atLeastZero(name, ms)
  return Object.assign(({ tries }: Details) => list[typeof wait === 'number' ? 0 : tries - 1], { timeless: true })
}
