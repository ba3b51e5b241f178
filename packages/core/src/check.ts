/** Throws the one sentence that every unusable value gets: its name, what is allowed, what came. */
export const invalid = (name: string, allowed: string, value: unknown): never => {
  const isNumber = typeof value === 'number'
  throw new (isNumber ? RangeError : TypeError)(`${name} must be ${allowed}; got ${isNumber ? '' : typeof value + ' '}${String(value)}`)
}

/** Checks named numbers, each 0 or more; `Infinity` is one. */
export const nonNegative = (values: Record<string, unknown>): void => {
  for (const name in values) {
    const value = values[name]
    if (!(typeof value === 'number' && value >= 0)) invalid(name, 'a number of 0 or more', value)
  }
}
