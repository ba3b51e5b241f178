/** How a promise settled, and with what. */
export const settled = async (promise: Promise<unknown>): Promise<[string, unknown]> =>
  promise.then((value) => ['resolved', value], (error) => ['rejected', error])

/** An operation that never answers. */
export const hang = (): Promise<never> => new Promise(() => {})
