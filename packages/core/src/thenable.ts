/** Whether something is a promise, or behaves as one. */
export const isThenable = (value: any): value is PromiseLike<unknown> => typeof value?.then === 'function'

/**
 * Hands on what one of the caller's functions has answered. A promise is a TypeError that names the function: it would count as a yes,
 * whatever it says later. Its rejection is nobody's then, and is handled here.
 */
export const answer = <Answer>(name: string, value: Answer): Answer => {
  if (isThenable(value)) {
    Promise.resolve(value).catch(() => {})
    throw new TypeError(`${name} must answer at once, not with a promise: decide inside the operation`)
  }
  return value
}
