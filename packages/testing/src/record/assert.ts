import { invalid } from '@backon/core/kit'
import { recorded } from './record.ts'
import type { Recording } from './recording.ts'
import { judgeTries, type Verdict } from './verdict.ts'

/**
 * An assertion about retries did not hold. Test runners show `expected` beside `actual`.
 *
 * @example
 * ```ts
 * const { expected, actual } = await assertRetried(load, 2).catch((error: RetryAssertionError) => error)
 * ```
 */
export class RetryAssertionError extends Error {
  override readonly name = 'AssertionError'
  readonly showDiff = true
  constructor(
    message: string,
    readonly expected: unknown,
    readonly actual: unknown,
  ) {
    super(message)
  }
}

/** Whether an error is what a recorded call ended with, was caused by it, or gathers nothing but such errors (`Promise.any`). */
const isOutcome = (error: any, { calls }: Recording): boolean => {
  const ends = new Set(calls.flatMap((call) => [...('exception' in call ? [call.exception] : []), ...('reason' in call ? [call.reason] : [])]))
  const seen = new Set<unknown>()
  const holds = (error: any): boolean => {
    if (ends.has(error)) return true
    // A cause may lead back to where it came from.
    if (seen.has(error) || typeof error !== 'object' || error === null) return false
    seen.add(error)
    const { errors, cause } = error
    return (Array.isArray(errors) && errors.length > 0 && errors.every(holds)) || holds(cause)
  }
  return holds(error)
}

/**
 * Runs a function to its end and gives what was recorded. That a call inside fails is an outcome like any other; any
 * other error is thrown, so that a mistake in the test does not pass for one.
 */
export const watch = (run: () => unknown): Recording | Promise<Recording> => {
  if (typeof run !== 'function') invalid('run', 'a function', run)
  const { result, recording } = recorded(run)
  const failed = (error: unknown): Recording => {
    recording()
    if (isOutcome(error, recording)) return recording
    throw error
  }
  try {
    const value: any = result()
    if (typeof value?.then === 'function') {
      return Promise.resolve(value).then(() => {
        recording()
        return recording
      }, failed)
    }
  } catch (error) {
    return failed(error)
  }
  recording()
  return recording
}

/** What an assertion gives: what was recorded, at once for a synchronous function. */
export type Asserted<T> = T extends PromiseLike<unknown> ? Promise<Recording> : Recording

const assert = <T>(run: () => T, expected: unknown, wanted: string, judge: (recording: Recording) => Verdict, pass: boolean): Asserted<T> => {
  const check = (recording: Recording): Recording => {
    const verdict = judge(recording)
    if (verdict.pass === pass) return recording
    throw new RetryAssertionError(`expected ${wanted}; ${verdict.found}\n\n${String(recording)}`, expected, verdict.actual)
  }
  const recording = watch(run)
  return (recording instanceof Promise ? recording.then(check) : check(recording)) as Asserted<T>
}

/**
 * Runs a function and fails unless the call inside it made exactly `expectedTries` runs, the first included, however it
 * was started and however it ended. Of several calls those count that were retried, and each must have made as many; one that is still
 * running when the function has ended does not count. That calls fail in the end is no error, nor is what `Promise.any` makes of several;
 * any other error of the function is thrown. Throws a `RetryAssertionError` with both counts and the timeline; a rejected promise for an
 * asynchronous function.
 *
 * @example
 * ```ts
 * await assertRetried(() => loadUser(), 3)
 * ```
 */
export const assertRetried = <T>(run: () => T, expectedTries: number): Asserted<T> => {
  if (!(Number.isInteger(expectedTries) && expectedTries > 0)) invalid('expectedTries', 'an integer of 1 or more', expectedTries)
  return assert(run, expectedTries, expectedTries === 1 ? '1 try' : `${expectedTries} tries`, (recording) => judgeTries(recording, expectedTries), true)
}

/**
 * Runs a function and fails when any call inside it was retried. Without any call it holds.
 *
 * @example
 * ```ts
 * await assertNotRetried(() => createOrder()) // not idempotent
 * ```
 */
export const assertNotRetried = <T>(run: () => T): Asserted<T> =>
  assert(run, 1, 'no retry', (recording) => judgeTries(recording, undefined), false)
