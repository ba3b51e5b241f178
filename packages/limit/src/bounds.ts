import { invalid } from '@backon/core/kit'

/** For a number above 0. */
export const aboveZero = 5e-324
/** For one that is not Infinity. */
export const finite = Number.MAX_VALUE

/** Checks a number. What only behaves like one ("5", 5n) is none: it would fail in a call, or count wrong. */
export const within = (name: string, expected: string, value: unknown, least: number, most = Infinity): void => {
  if (!(typeof value === 'number' && value >= least && value <= most)) invalid(name, expected, value)
}
