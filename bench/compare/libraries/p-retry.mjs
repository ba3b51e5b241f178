import pRetry from 'p-retry'

export const name = 'p-retry'
export const packages = ['p-retry']

/** `options` with the count of runs and a wait of that many ms; without them, what the library does by itself. */
export const make = ({ tries, wait, signal, deadline } = {}) => (fn) =>
  pRetry(fn, { ...(tries && { retries: tries - 1 }), ...(wait !== undefined && { minTimeout: wait, factor: 1 }), ...(deadline && { maxRetryTime: deadline }), ...(signal && { signal }) })
export const takesSignal = true
export const takesDeadline = true
