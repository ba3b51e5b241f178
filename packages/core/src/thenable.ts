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

/** Refuses a promise where nobody can wait for it; a rejection of it is not left unhandled. */
export const refusePromise = (value: unknown, who: string): void => {
  if (!isThenable(value)) return
  Promise.resolve(value).catch(() => {})
  throw new TypeError(`${who} returned a promise in a synchronous call: use the async form`)
}
