import { NonRetryableError, sleep } from '@backon/core'
import { invalid, nonNegative, optionsOf } from '@backon/core/kit'
import { randomFrom } from '../random.ts'
import { type Plan, readScript, readStep, type Step } from './steps.ts'
import { isClass, thrownIn } from './throwing.ts'

/** An operation that misbehaves on purpose, and counts how often it was run. It may be run as any function, with any arguments. */
export interface Fault<T> {
  (...args: any[]): T
  /** Runs so far. */
  readonly runs: number
}

/**
 * What a scripted step throws: as an HTTP client would, or with the `code` of a broken connection.
 *
 * @example
 * ```ts
 * const error = new FaultError('status 503', { status: 503, headers: { 'retry-after': '2' } })
 * ```
 */
export class FaultError extends Error {
  override readonly name = 'FaultError'
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly code?: string
  constructor(message: string, facts: { status?: number; headers?: Record<string, string>; code?: string }) {
    super(message)
    Object.assign(this, facts)
  }
}

const counting = <T>(name: string, act: (run: number, signal: () => AbortSignal | undefined) => T): Fault<T> => {
  let runs = 0
  // The signal of an attempt is made when it is read, so it is read by those alone who wait.
  const fault = (attempt?: { signal?: AbortSignal }): T => act(++runs, () => attempt?.signal)
  Object.defineProperties(fault, { name: { value: name }, runs: { get: () => runs } })
  return fault as Fault<T>
}

/** How flaky: each part is optional. */
export interface FlakyOptions<T> {
  /** How often it fails before it succeeds. Default 1; `Infinity` for always. */
  failures?: number
  /** What it throws: a value as it is, a class of errors (a new one each time), or a function of the run that makes it. Default an Error that says which failure it is. */
  error?: unknown
  /** What it returns in the end. Default `'ok'`. */
  value?: T
}

/**
 * Makes an operation that fails at first: so many `failures` (default 1), then it returns `value` (default `'ok'`). It is synchronous, and
 * counts its `runs`. Throws a RangeError for `failures` below 0.
 *
 * @example
 * ```ts
 * const load = flaky({ failures: 2, error: TypeError })
 * await retry(load, { wait: 0 }) // 'ok', with load.runs === 3
 * ```
 */
export const flaky = <T = string>(options: FlakyOptions<T> = {}): Fault<T> => {
  const { failures = 1, error, value = 'ok' as T } = optionsOf('flaky', options, ['failures', 'error', 'value'])
  nonNegative({ failures })
  return counting('flaky', (run) => {
    if (run > failures) return value
    const message = `failure ${run} of ${failures}`
    throw 'error' in options ? thrownIn(error, run, message) : new Error(message)
  })
}

/** Never settles by itself: only an abort ends it. */
const stall = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => {
    const end = (): void => reject(signal!.reason)
    if (signal?.aborted) end()
    else signal?.addEventListener('abort', end, { once: true })
  })

/** A step of `scripted`: in words, an error or a class of errors to throw, or a function of the run that returns or throws what it likes. */
export type ScriptedStep = Step | Error | (abstract new (...args: any) => unknown) | ((run: number) => unknown)

/**
 * Makes an operation that plays a script, one step a run: `'ok'` and every status below 400 return `value` (default
 * `'ok'`); `'503'`, or `'429 retry-after 2'`, throws a `FaultError` with `status` and `headers`; `'reset'` and `'half'` throw one
 * with `code` `ECONNRESET`; `'stall'` never settles unless aborted; `'slow 2000'`, or `'slow 2000 503'`, waits first (ms). An error is thrown, a
 * class of errors is made anew and thrown, a function is asked. A last `'...'` repeats the step before it for ever; without it, a run past
 * the end throws a `NonRetryableError`. Throws for a step that is none of these.
 *
 * @example
 * ```ts
 * const load = scripted(['503', 'slow 2000 reset', TypeError, (run) => `answer ${run}`])
 * await retry(load, { wait: 0, maxTries: 4 }) // 'answer 4'
 * ```
 */
export const scripted = <T = string>(script: readonly ScriptedStep[], value: T = 'ok' as T): Fault<Promise<T>> => {
  const plan = readScript(script, (step): Plan | Error | ((run: number) => T) =>
    typeof step === 'function' || step instanceof Error ? (step as Error) : readStep(step, 'an error, a class of errors, a function'),
  )
  return counting('scripted', async (run, signal) => {
    const step = plan(run)
    if (!step) throw new NonRetryableError(`the script has ${script.length} steps; this is run ${run}`)
    if (step instanceof Error || isClass(step)) throw thrownIn(step, run, `step ${run}`)
    if (typeof step === 'function') return step(run)
    const { kind, status, retryAfter, delay } = step
    if (delay > 0) await sleep(delay, signal())
    if (kind === 'stall') return stall(signal())
    if (kind === 'status' && status < 400) return value
    if (kind === 'status') throw new FaultError(`status ${status}`, { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } })
    throw new FaultError(kind === 'reset' ? 'connection reset' : 'connection closed in the middle of the body', { code: 'ECONNRESET' })
  })
}

/**
 * Makes an operation that waits `ms` each time, then runs another one or returns `'ok'`. An abort ends the wait.
 *
 * @example
 * ```ts
 * await retry(slow(300, () => 'late'), { maxTime: 1_000 })
 * ```
 */
export const slow = <T = string>(ms: number, operation: (...args: any[]) => T | PromiseLike<T> = () => 'ok' as T): Fault<Promise<T>> => {
  nonNegative({ ms })
  if (typeof operation !== 'function') invalid('operation', 'a function', operation)
  let runs = 0
  const fault = async (...args: any[]): Promise<T> => {
    runs++
    await sleep(ms, args[0]?.signal)
    return operation(...args)
  }
  Object.defineProperties(fault, { name: { value: operation.name || 'slow' }, runs: { get: () => runs } })
  return fault as unknown as Fault<Promise<T>>
}

/** How chaotic: each part is optional. */
export interface ChaosOptions<T> {
  /** Share of runs that fail, 0 to 1. Default 0.5. */
  errorRate?: number
  /** How long a run takes, in ms: a number, a range to draw from, or a function of a number in [0, 1). Default 0. */
  latency?: number | readonly [min: number, max: number] | ((random: number) => number)
  /** Same seed, same chaos. Default 1. */
  seed?: number
  /** What a failing run throws: a value, a class of errors, or a function of the run that makes it. Default a `FaultError` with status 503. */
  error?: unknown
  /** What the others return. Default `'ok'`. */
  value?: T
}

/**
 * Makes an operation that fails and dawdles at random, in the same way for the same seed.
 *
 * @example
 * ```ts
 * const load = chaos({ errorRate: 0.2, latency: [10, 50] })
 * ```
 */
export const chaos = <T = string>(options: ChaosOptions<T> = {}): Fault<Promise<T>> => {
  const { errorRate = 0.5, latency = 0, seed = 1, error, value = 'ok' as T } = optionsOf('chaos', options, ['errorRate', 'latency', 'seed', 'error', 'value'])
  if (!(errorRate >= 0 && errorRate <= 1)) invalid('errorRate', 'a number from 0 to 1', errorRate)
  const random = randomFrom(seed)
  const drawLatency = latencyFrom(latency)
  return counting('chaos', async (run, signal) => {
    // Both are drawn in each run and before anything is awaited, so that the order of runs alone decides.
    const fails = random() < errorRate
    const ms = drawLatency(random())
    if (ms > 0) await sleep(ms, signal())
    if (!fails) return value
    throw 'error' in options ? thrownIn(error, run, `run ${run}`) : new FaultError('status 503', { status: 503, headers: {} })
  })
}

/** Reads a latency: how long a run takes, given a random number. */
export const latencyFrom = (latency: NonNullable<ChaosOptions<unknown>['latency']>): ((random: number) => number) => {
  if (typeof latency === 'function') return latency
  const [min, max] = typeof latency === 'number' ? [latency, latency] : latency
  nonNegative({ latency: min })
  if (!(max >= min)) invalid('latency', `a range from low to high: [min, max], max ${min} or more`, max)
  return (random) => min + random * (max - min)
}
