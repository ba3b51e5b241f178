import { retry } from '@lifeomic/attempt'

export const name = '@lifeomic/attempt'
export const packages = ['@lifeomic/attempt']

export const make = ({ tries, wait } = {}) => (fn) => retry(fn, { ...(tries && { maxAttempts: tries }), ...(wait !== undefined && { delay: wait }) })
