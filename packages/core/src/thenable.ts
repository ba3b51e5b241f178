/** Whether something is a promise, or behaves as one. */
export const isThenable = (value: any): value is PromiseLike<unknown> => typeof value?.then === 'function'
