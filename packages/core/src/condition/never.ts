import type { Condition } from '../types.ts'

/** Retries nothing: one attempt. */
export const retryNever = (): Condition => () => false
