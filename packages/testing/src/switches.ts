import { expo, type Details, type Forced, type Options, override, type Undo } from '@backon/core'
import { atLeastZero, finite, invalid, listOf, waitFor } from '@backon/core/kit'
import { runThen } from './run-then.ts'
import { enter, inside } from './scope.ts'

/** Forces options: on the process until undone, or on a function alone (where scopes cannot be kept apart: on the process meanwhile). */
const force = (forced: (options: Options) => Forced, run?: () => unknown): unknown => {
  if (run === undefined) return override(forced)
  if (typeof run !== 'function') invalid('run', 'a function', run)
  const scope = {}
  const off = override((options) => (inside(scope) ? forced(options) : undefined))
  return runThen(() => enter(scope, run), off)
}

const checkTries = (name: string, value: unknown): void => {
  if (value !== Infinity && !(Number.isInteger(value) && (value as number) > 0)) invalid(name, 'an integer of 1 or more, or Infinity', value)
}

/** How many tries the call has anyway, and never more than `most`. What core would refuse is left for it to refuse. */
const capped = (most: number, { maxTries, maxTime, stop, wait }: Options): NonNullable<Options['maxTries']> => {
  if (typeof maxTries === 'function') return () => Math.min(most, maxTries())
  if (typeof maxTries === 'number') return Math.min(most, maxTries)
  return maxTries ?? Math.min(most, maxTime === undefined && !stop && !finite(wait) ? 3 : Infinity)
}

/**
 * Changes every wait that a call decides on, whoever decided: its strategy and jitter, or a number from `giveup`. What replaces the strategy
 * runs out where that does, and reads the clock where that does.
 */
const waiting = (change: (wait: number) => number, { wait = expo(), jitter, giveup }: Options): Forced => {
  // Core never sees what is replaced here, so it is refused as core would refuse it.
  if (typeof wait !== 'function') for (const ms of listOf(wait)) atLeastZero('wait', ms)
  const decided = (details: Details): number | undefined => {
    const ms = waitFor(wait, details, jitter)
    return ms === undefined ? ms : change(ms)
  }
  return {
    wait: Object.assign(decided, { exact: true, finite: finite(wait), timeless: typeof wait !== 'function' || !!wait.timeless }),
    ...(giveup && {
      giveup: (exception: unknown) => {
        const answer = giveup(exception)
        // A mistake is left for core to report.
        return typeof answer === 'number' && answer >= 0 ? change(answer) : answer
      },
    }),
  }
}

/**
 * Lets every operation run once: no retry, no plugin, no handler, no bound. Returns its undo; given a function it runs
 * that and undoes itself afterwards, also when it throws or rejects. The function alone is concerned in Node, Bun and Deno;
 * elsewhere, and without a function, the whole process is. So do the other switches.
 *
 * @example
 * ```ts
 * using _ = disableRetries() // until the end of the block
 * await disableRetries(() => load()) // or for this function alone
 * ```
 */
export function disableRetries(): Undo
export function disableRetries<T>(run: () => T): T
export function disableRetries(run?: () => unknown): unknown {
  return force(() => ({ enabled: false }), run)
}

/**
 * Turns retries on: against an earlier `disableRetries()` or `disable()`, and against `enabled: false` in options.
 *
 * @example
 * ```ts
 * await enableRetries(() => assertRetried(load, 3)) // also where the test setup has disabled retries
 * ```
 */
export function enableRetries(): Undo
export function enableRetries<T>(run: () => T): T
export function enableRetries(run?: () => unknown): unknown {
  return force(() => ({ enabled: true }), run)
}

/**
 * Allows at most `n` tries, the first included: a ceiling, which never raises a limit that is lower.
 *
 * @example
 * ```ts
 * await limitRetries(2, () => load()) // two tries at most, however many it asks for
 * ```
 */
export function limitRetries(n: number): Undo
export function limitRetries<T>(n: number, run: () => T): T
export function limitRetries(n: number, run?: () => unknown): unknown {
  checkTries('n', n)
  return force((options) => ({ maxTries: capped(n, options) }), run)
}

/**
 * Makes every wait 0, whoever asks for it: strategy, jitter, `giveup` or the server. A list of waits still ends where it
 * ended, and records say 0. A call that only `maxTime` bounds then tries without pause for all that time.
 *
 * @example
 * ```ts
 * await removeBackoff(() => load()) // as many tries as ever, at once
 * ```
 */
export function removeBackoff(): Undo
export function removeBackoff<T>(run: () => T): T
export function removeBackoff(run?: () => unknown): unknown {
  return force((options) => waiting(() => 0, options), run)
}

/**
 * What `testConfig` changes. What is absent stays as it is.
 *
 * @example
 * ```ts
 * const config: TestConfig = { maxTries: 2, maxWait: 10 }
 * ```
 */
export interface TestConfig {
  /** As `enableRetries` and `disableRetries`. */
  enabled?: boolean
  /** A ceiling on the tries, as `limitRetries`. */
  maxTries?: number
  /** Each wait is multiplied by this, after its jitter. */
  waitMultiplier?: number
  /** No single wait is longer than this, in ms, after the multiplication. */
  maxWait?: number
}

/**
 * Changes several things at once, for a whole test suite or for one function.
 *
 * @example
 * ```ts
 * const undo = testConfig({ maxTries: 3, waitMultiplier: 0.01, maxWait: 50 })
 * ```
 */
export function testConfig(config: TestConfig): Undo
export function testConfig<T>(config: TestConfig, run: () => T): T
export function testConfig({ enabled, maxTries, waitMultiplier, maxWait }: TestConfig, run?: () => unknown): unknown {
  if (enabled !== undefined && typeof enabled !== 'boolean') invalid('enabled', 'a boolean', enabled)
  if (maxTries !== undefined) checkTries('maxTries', maxTries)
  for (const [name, value] of Object.entries({ waitMultiplier, maxWait })) if (value !== undefined) atLeastZero(name, value)
  const change = (wait: number): number => Math.min(wait * (waitMultiplier ?? 1), maxWait ?? Infinity)
  return force(
    (options) => ({
      ...(enabled !== undefined && { enabled }),
      ...(maxTries !== undefined && { maxTries: capped(maxTries, options) }),
      ...((waitMultiplier ?? maxWait) !== undefined && waiting(change, options)),
    }),
    run,
  )
}
