/** Which options count things; the others are times and shares. */
const whole = /Threshold|Calls|threshold|size|openings/

/** Gives the options, those of `defaults` completed: each must be a number above 0, a count an integer or `Infinity`, and `recoveryTimeout` may be 0. */
export const numbers = <Options extends object, Name extends string>(options: Options, defaults: Record<Name, number>): Options & Record<Name, number> => {
  const completed: any = { ...options }
  for (const name in defaults) {
    const value = (completed[name] ??= defaults[name])
    const isCount = whole.test(name)
    const mayBeZero = name === 'recoveryTimeout'
    // `% 1` of Infinity is NaN: it counts as whole.
    if (typeof value !== 'number' || !(value > 0 || (mayBeZero && value === 0)) || (isCount && value % 1)) {
      throw new RangeError(`${name} must be ${isCount ? 'an integer of 1 or more' : mayBeZero ? 'a number of 0 or more' : 'a number above 0'}; got ${value}`)
    }
  }
  return completed
}

/** Checks what else a number must not be above. */
export const atMost = (name: string, value: number, limit: number): void => {
  if (value > limit) throw new RangeError(`${name} must be at most ${limit}; got ${value}`)
}
