/** Throws, unless it holds, the one sentence that every unusable value gets: its name and what is allowed, what came. */
export const check = (holds: boolean, rule: string, value: any): void => {
  if (!holds) throw new (typeof value === 'number' ? RangeError : TypeError)(`${rule}; got ${typeof value} ${value}`)
}
