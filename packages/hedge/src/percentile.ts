import type { Details, Wait } from '@backon/core'
import { invalid, optionsOf, waitFor, type WaitLike, waitOf } from '@backon/core/kit'

/** What a learned wait is made of. */
export interface LatencyPercentileOptions {
  /**
   * Learns from this many samples at least and twice as many at most, the latest ones; an integer of 1 or more. Default
   * 1,000.
   */
  window?: number | undefined
  /** With fewer samples the fallback is used; from 1 to `window`. Default 100, or `window` when that is less. */
  minimumSamples?: number | undefined
  /**
   * The delay until there are enough samples: a number (ms), a list or a strategy. Default `Infinity`: no further copy by
   * time.
   */
  fallback?: WaitLike | undefined
}

/** A wait that learns. The hedge that it is given to tells it what to learn from. */
export interface LatencyWait extends Wait {
  /** Takes down how long an answer took, in ms. */
  observe(latency: number): void
}

// DDSketch (Masson, Rim, Lee 2019, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees",
// section 2): bucket i holds the latencies in (gamma^(i-1), gamma^i], and is read as a value at most alpha away from each of
// them.
const alpha = 0.01
const gamma = (1 + alpha) / (1 - alpha)
const perBucket = /* @__PURE__ */ Math.log(gamma)
/** What is shorter than 0.01 ms or longer than 2.7 hours is taken for that. */
const shortest = 0.01
const buckets = 1_040

/**
 * Waits until the given percentile of the latest latencies has passed, so that `100 - percentile` % of calls are hedged. At most 1 % away from the sample of that rank, in memory and time that do not grow with the
 * number of samples: two sketches take turns, and the older is dropped when the younger is full.
 *
 * It learns from the first copy of each hedged attempt: its latency when it succeeded; when another copy won or the hedge
 * timed out, how long it had been running. (Left out, slow answers would vanish from the statistics just because they are
 * hedged, and the delay would sink from copy to copy.) Give each kind of operation its own. Throws for a percentile not
 * between 0 and 100 (it is read to six decimals) and for unusable options.
 *
 * @example
 * const plugin = hedging({ wait: latencyPercentile(95), maxHedge: 2 })
 */
export const latencyPercentile = (
  percentile: number,
  options: LatencyPercentileOptions = {},
): LatencyWait => {
  const { window = 1_000, minimumSamples = Math.min(100, window), fallback = Infinity } = optionsOf('latencyPercentile', options, ['window', 'minimumSamples', 'fallback'])
  if (!(typeof percentile === 'number' && percentile > 0 && percentile < 100)) invalid('percentile', 'a number between 0 and 100', percentile)
  if (!(Number.isInteger(window) && window > 0)) invalid('window', 'an integer of 1 or more', window)
  if (!(Number.isInteger(minimumSamples) && minimumSamples > 0 && minimumSamples <= window)) invalid('minimumSamples', 'an integer from 1 to window', minimumSamples)
  const otherwise = waitOf('fallback', fallback)
  // A decimal times a number of samples is not always what it says (99.9 % of 1,000 is a little more than 999): counted in millionths.
  const millionths = Math.round(percentile * 1e6)
  let young = new Uint32Array(buckets)
  let old = new Uint32Array(buckets)
  let youngSize = 0
  let oldSize = 0
  /**
   * Where the percentile was found last, and how many samples lie in lower buckets. From there it is never far to where it
   * is now.
   */
  let at = 0
  let below = 0

  const count = (bucket: number): number => young[bucket]! + old[bucket]!

  const wait = (details: Details): number | undefined => {
    const samples = youngSize + oldSize
    if (samples < minimumSamples) return waitFor(otherwise, details, null)
    // The nearest rank: so many samples are less than the one that is looked for.
    const rank = Math.max(Math.ceil((millionths * samples) / 1e8), 1) - 1
    while (below > rank) below -= count(--at)
    while (below + count(at) <= rank) below += count(at++)
    return (shortest * 2 * gamma ** at) / (gamma + 1)
  }

  return Object.assign(wait, {
    timeless: typeof otherwise !== 'function' || !!otherwise.timeless,
    exact: true,
    observe: (latency: number): void => {
      if (youngSize === window) {
        ;[young, old] = [old.fill(0), young]
        oldSize = window
        youngSize = at = below = 0
      }
      // Not a number, whatever the clock did: taken for the shortest.
      const bucket = Math.min(Math.max(Math.ceil(Math.log(latency / shortest) / perBucket) || 0, 0), buckets - 1)
      young[bucket]! += 1
      youngSize++
      if (bucket < at) below++
    },
  })
}
