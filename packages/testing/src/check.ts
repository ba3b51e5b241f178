/** Throws the one sentence that every unusable value gets: its name, what is allowed, what came. */
export const invalid = (name: string, allowed: string, value: unknown): never => {
  const isNumber = typeof value === 'number'
  throw new (isNumber ? RangeError : TypeError)(`${name} must be ${allowed}; got ${isNumber ? '' : `${typeof value} `}${String(value)}`)
}

/** Checks named numbers, each of `least` or more; an absent one is fine. */
export const atLeast = (least: number, values: Record<string, unknown>): void => {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && !(typeof value === 'number' && value >= least)) invalid(name, `a number of ${least} or more`, value)
  }
}
