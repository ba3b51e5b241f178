import retry from 'async-retry'

export const name = 'async-retry'
export const packages = ['async-retry']

export const make = ({ tries, wait, deadline } = {}) => (fn) =>
  retry(fn, { ...(tries && { retries: tries - 1 }), ...(wait !== undefined && { minTimeout: wait, factor: 1, randomize: false }), ...(deadline && { maxRetryTime: deadline }) })
export const takesDeadline = true
