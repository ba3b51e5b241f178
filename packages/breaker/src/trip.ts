import { invalid, optionsOf } from '@backon/core/kit'
import { count as integer, positive, share } from './check.ts'

/** Whether so many of the calls are that share of them. Divided, as a product is off: 0.55 × 100 is more than 55. What is less than one call in a billion is an error of rounding. */
const reaches = (rate: number, some: number, calls: number): boolean => some / calls >= rate - 1e-12

/**
 * What a breaker counts in, from the moment it closes.
 *
 * @example
 * const first = (): Tally => ({ record: (failed) => failed, failures: () => 0 }) // opens at the first failure
 */
export interface Tally {
  /** Takes down an outcome; `true` opens the circuit. `now` and `duration` (ms) are 0 unless it is `timed`. */
  record(failed: boolean, now: number, duration: number): boolean
  /** How many failures count at this moment. */
  failures(now: number): number
  /** It needs `now` and `duration`. Default `false`: nobody looks at the clock. */
  readonly timed?: boolean | undefined
  /** A probe that takes longer, in ms, has failed too. Default none. */
  readonly slowAfter?: number | undefined
}

/**
 * When to open: makes a fresh tally each time a circuit closes, so that breakers may share it.
 *
 * @example
 * const never: Trip = () => ({ record: () => false, failures: () => 0 })
 */
export type Trip = () => Tally

/**
 * Opens after `threshold` failures in a row, 5 by default. Throws unless it is an integer of 1 or more, or `Infinity`.
 *
 * @example
 * new CircuitBreaker({ trip: consecutiveFailures(3) })
 */
export const consecutiveFailures = (threshold = 5): Trip => {
  integer('failureThreshold', threshold)
  return () => {
    let count = 0
    return {
      record: (failed) => failed ? ++count >= threshold : !!(count = 0),
      failures: () => count,
    }
  }
}

/** How a window of calls opens: by which share of how many. */
export interface CountWindowOptions {
  /** How many of the latest calls count. Default 100. */
  size?: number | undefined
  /** The share of failures among them that opens the circuit: above 0, at most 1. Default 0.5. */
  failureRate?: number | undefined
  /** Never opens on fewer calls. Default 10, or `size` where that is less. */
  minimumCalls?: number | undefined
}

/**
 * Opens when too great a share of the latest `size` calls has failed. One byte a call, all of it taken at the start. Throws for an unusable option.
 *
 * @example
 * new CircuitBreaker({ trip: countWindow({ size: 50, failureRate: 0.4, minimumCalls: 20 }) })
 */
export const countWindow = (options: CountWindowOptions = {}): Trip => {
  const { size = 100, failureRate = 0.5, minimumCalls = Math.min(10, size) } = optionsOf('countWindow', options, ['size', 'failureRate', 'minimumCalls'])
  if (integer('size', size) === Infinity) invalid('size', 'an integer of 1 or more', size)
  share('failureRate', failureRate)
  if (integer('minimumCalls', minimumCalls) > size) invalid('minimumCalls', `at most size, which is ${size}`, minimumCalls)
  return () => {
    const ring = new Uint8Array(size)
    let at = 0
    let calls = 0
    let failures = 0
    return {
      record(failed) {
        failures += +failed - ring[at]!
        ring[at] = +failed
        at = (at + 1) % size
        if (calls < size) calls++
        return calls >= minimumCalls && reaches(failureRate, failures, calls)
      },
      failures: () => failures,
    }
  }
}

/** How a window of time opens: by which share of how long, and whether slow calls count. */
export interface TimeWindowOptions {
  /** How long a call counts, in ms: a number above 0. Default 60,000. */
  duration?: number | undefined
  /** The share of failures that opens the circuit: above 0, at most 1. Default 0.5. */
  failureRate?: number | undefined
  /** Never opens on fewer calls. Default 10. */
  minimumCalls?: number | undefined
  /**
   * Opens as well when the share `rate` of all calls, failed ones included, took longer than `duration` ms; and a probe that
   * takes longer has failed. `duration` itself is not slow. Default none.
   */
  slowCall?: { readonly duration: number; readonly rate: number } | undefined
}

/** Into how many parts the time is cut: a call stops counting up to one part early. */
const parts = 20

/**
 * Opens when too great a share of the calls that ended within the last `duration` ms has failed, or was slow.
 * They are counted in 20 parts of that time, so that its cost does not grow with the calls: one counts for 95 to 100 % of
 * `duration`. No timer: an hour without calls empties it at the next one, and so does a clock that goes back. Throws for an unusable option.
 *
 * @example
 * new CircuitBreaker({ trip: timeWindow({ duration: 30_000, minimumCalls: 20, slowCall: { duration: 2_000, rate: 0.8 } }) })
 */
export const timeWindow = (options: TimeWindowOptions = {}): Trip => {
  const { duration = 60_000, failureRate = 0.5, minimumCalls = 10, slowCall } = optionsOf('timeWindow', options, ['duration', 'failureRate', 'minimumCalls', 'slowCall'])
  positive('duration', duration)
  share('failureRate', failureRate)
  integer('minimumCalls', minimumCalls)
  // Taken now: what is changed in them later changes nothing.
  const slowAfter = slowCall && positive('slowCall.duration', slowCall.duration)
  const slowRate = slowCall ? share('slowCall.rate', slowCall.rate) : 2
  return () => {
    // Three counters for each part: calls, failures, slow calls.
    const counts = new Uint32Array(3 * parts)
    let calls = 0
    let failures = 0
    let slow = 0
    let latest = 0

    const clear = (): void => {
      counts.fill(0)
      calls = failures = slow = 0
    }
    /** Empties the parts that time has passed over; gives where the counters of this moment are. */
    const moveTo = (now: number): number => {
      const part = Math.floor((now / duration) * parts)
      if (part - latest >= parts || part < latest) clear()
      else
        while (latest < part) {
          const at = (++latest % parts) * 3
          calls -= counts[at]!
          failures -= counts[at + 1]!
          slow -= counts[at + 2]!
          counts.fill(0, at, at + 3)
        }
      latest = part
      return (((part % parts) + parts) % parts) * 3
    }
    return {
      record(failed, now, took) {
        const at = moveTo(now)
        calls++
        counts[at]!++
        if (failed) {
          failures++
          counts[at + 1]!++
        }
        if (took > slowAfter!) {
          slow++
          counts[at + 2]!++
        }
        return calls >= minimumCalls && (reaches(failureRate, failures, calls) || reaches(slowRate, slow, calls))
      },
      failures(now) {
        moveTo(now)
        return failures
      },
      timed: true,
      slowAfter,
    }
  }
}
