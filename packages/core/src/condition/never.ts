import type { Condition } from '../types.ts'

/**
 * Retries nothing: one attempt.
 *
 * @example
 * retry(load, { condition: retryNever() })
 */
export const retryNever = (): Condition => () => false
