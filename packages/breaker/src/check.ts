/** Gives the options, those of `defaults` completed: each must be a number above 0. */
export const numbers = <Options extends object, Name extends string>(options: Options, defaults: Record<Name, number>): Options & Record<Name, number> => {
  const completed: any = { ...options }
  for (const name in defaults) {
    const value = (completed[name] ??= defaults[name])
    if (typeof value !== 'number' || !(value > 0)) throw new RangeError(`${name} must be a number above 0; got ${value}`)
  }
  return completed
}

/** Checks what else a number must not be above. */
export const atMost = (name: string, value: number, limit: number): void => {
  if (value > limit) throw new RangeError(`${name} must be at most ${limit}; got ${value}`)
}
