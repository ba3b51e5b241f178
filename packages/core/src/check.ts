const meant = (slip: string | number): string => (slip ? `: did you mean ${slip}?` : '')

/**
 * Throws the one sentence that every unusable value gets: its name, what is allowed, what came, and the likely slip. Of a long string only the
 * beginning is shown, of a function its name, of an object its class.
 */
export const invalid = (name: string, allowed: string, value: any): never => {
  const type = typeof value
  const shown =
    type === 'string' ? JSON.stringify(value.slice(0, 40)) + meant(+value)
    : type === 'function' ? `${type} ${value.name}` + meant(value.name && value.name !== name && `${value.name}()`)
    : type === 'object' && value ? `${type} ${(value.constructor ?? Object).name}`
    : String(value)
  throw new (type === 'number' ? RangeError : TypeError)(`${name} must be ${allowed}; got ${shown}`)
}

/** Checks one number: 0 or more, `Infinity` included. */
export const atLeastZero = (name: string, value: unknown): number =>
  typeof value === 'number' && value >= 0 ? value : invalid(name, 'a number of 0 or more', value)

/** Checks named numbers, each 0 or more; `Infinity` is one. */
export const nonNegative = (values: Record<string, unknown>): void => {
  for (const name in values) atLeastZero(name, values[name])
}

/** A list of what may be one or several. */
export const listOf = <Member>(members: Member | readonly Member[]): readonly Member[] => (Array.isArray(members) ? members : [members as Member])

/** Checks the type of named values; one that is absent, or `null`, will do. */
export const check = (type: string, values: Record<string, unknown>): void => {
  for (const name in values) if (values[name] != null && typeof values[name] !== type) invalid(name, `a${type === 'object' ? 'n' : ''} ${type}`, values[name])
}
