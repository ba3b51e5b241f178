import { invalid } from '@backon/core/kit'

/** Checks a number of things. */
export const count = (name: string, value: unknown): number =>
  typeof value === 'number' && value > 0 && (value === Infinity || Number.isInteger(value)) ? value : invalid(name, 'an integer of 1 or more, or Infinity', value)

/** Checks a time, in ms, that must not be nothing. */
export const positive = (name: string, value: unknown): number => (typeof value === 'number' && value > 0 ? value : invalid(name, 'a number above 0', value))

/** Checks a share of the whole. */
export const share = (name: string, value: unknown): number =>
  typeof value === 'number' && value > 0 && value <= 1 ? value : invalid(name, 'a number above 0, at most 1', value)
