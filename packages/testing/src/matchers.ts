import { watch } from './record/assert.ts'
import type { GiveupEnd } from '@backon/core'
import { invalid } from '@backon/core/kit'
import type { Recording } from './record/recording.ts'
import { judgeFailure, judgeTries, judgeWaits, type Subject, type Verdict } from './record/verdict.ts'

/**
 * What `expect` gains. Each looks at a recording, at one recorded call, or at a function, which it runs; when that is
 * asynchronous the assertion has to be awaited.
 */
export interface RetryMatchers<R, T = unknown> {
  /** Exactly so many tries were made, the first included; without a number: more than one. As `assertRetried`. */
  toHaveRetried(tries?: number): Matched<R, T>
  /** A call failed: it gave up, or met what is not retried; with an `end`, for that reason: `'tries'`, `'time'`, `'refused'`, … */
  toHaveGivenUp(end?: GiveupEnd): Matched<R, T>
  /** These were the waits, in ms. Asymmetric matchers such as `expect.closeTo(1_000)` may stand among them. */
  toHaveWaited(waits: readonly unknown[]): Matched<R, T>
}

/** A function that is asynchronous makes the assertion so. */
type Matched<R, T> = T extends () => PromiseLike<unknown> ? Promise<void> : R

// Declared for those who have them: vitest, jest with its globals, and jest with `@jest/globals`. Nothing is imported.
/** @ts-ignore: there is no vitest where jest is used */
declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends RetryMatchers<R, T> {}
}
/** @ts-ignore: there is no jest where vitest is used */
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends RetryMatchers<R, T> {}
}
declare global {
  namespace jest {
    interface Matchers<R, T = {}> extends RetryMatchers<R, T> {}
  }
}

/** What a runner hands to a matcher: as much of it as we need, and both have. */
interface Runner {
  readonly isNot?: boolean
  equals?(a: unknown, b: unknown): boolean
}

/** What a matcher answers. */
export interface MatcherResult {
  pass: boolean
  message(): string
  expected?: unknown
  actual?: unknown
}

type Received = Subject | (() => unknown)

const isRecorded = (received: any): received is Subject => Array.isArray(received?.calls) || Array.isArray(received?.attempts)

const match = (runner: Runner, received: Received, judge: (subject: Subject) => Verdict, wanted: string, expected?: unknown): MatcherResult | Promise<MatcherResult> => {
  const answer = (subject: Subject): MatcherResult => {
    const { pass, found, actual } = judge(subject)
    const message = (): string => `expected ${runner.isNot ? 'anything but ' : ''}${wanted}; ${found}${'calls' in subject ? `\n\n${String(subject)}` : ''}`
    // A runner that is given both shows the difference, which says nothing under `not`.
    return { pass, message, ...(expected !== undefined && !runner.isNot && { expected, actual }) }
  }
  if (isRecorded(received)) return answer(received)
  if (typeof received !== 'function') invalid('received', 'a recording, a recorded call or a function', received)
  const recording: Recording | Promise<Recording> = watch(received)
  return recording instanceof Promise ? recording.then(answer) : answer(recording)
}

/**
 * For `expect.extend(matchers)`, in vitest and in jest.
 *
 * @example
 * ```ts
 * import { matchers } from '@backon/testing/matchers'
 * expect.extend(matchers)
 * await expect(load).toHaveRetried(3)
 * ```
 */
export const matchers = {
  toHaveRetried(this: Runner, received: Received, tries?: number): MatcherResult | Promise<MatcherResult> {
    if (tries !== undefined && !(Number.isInteger(tries) && tries > 0)) invalid('tries', 'an integer of 1 or more', tries)
    return match(this, received, (subject) => judgeTries(subject, tries), tries === undefined ? 'a retry' : `${tries} tries`, tries)
  },
  toHaveGivenUp(this: Runner, received: Received, end?: GiveupEnd): MatcherResult | Promise<MatcherResult> {
    return match(this, received, (subject) => judgeFailure(subject, end), end === undefined ? 'a call that gave up' : `a call that gave up by ${end}`, end)
  },
  toHaveWaited(this: Runner, received: Received, waits: readonly unknown[]): MatcherResult | Promise<MatcherResult> {
    if (!Array.isArray(waits)) invalid('waits', 'a list', waits)
    const equal = (a: unknown, b: unknown): boolean => (this.equals ? this.equals(a, b) : JSON.stringify(a) === JSON.stringify(b))
    const wanted = `waits of [${waits.map((wait) => String(wait)).join(', ')}]`
    return match(this, received, (subject) => judgeWaits(subject, waits, equal), wanted, waits)
  },
}
