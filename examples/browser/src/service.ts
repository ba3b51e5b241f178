import { sleep } from '@backon/core'
import type { Settings } from './settings.ts'

/** Calls the service once: resolves with what it answers. `at` is the time since the run began, in ms. */
export type Service = (signal: AbortSignal, at: number) => Promise<string>

/** Draws from a seed: the same run again gives the same numbers. mulberry32 (Tommy Ettinger, public domain). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A service that is as good as it was said to be. Its time is the library's, so it can run faster than real. */
export function simulated(settings: Settings): Service {
  const { failures, latency, slow, slowLatency, outageFrom, outageFor } = settings as Record<string, number>
  // A source of its own: whether the service fails must not depend on who draws jitter.
  const draw = seeded((settings.seed as number) + 1)
  return async (signal, at) => {
    const down = at >= outageFrom! && at < outageFrom! + outageFor!
    const [isSlow, fails] = [draw() * 100 < slow!, draw() * 100 < failures!]
    await sleep(down ? latency! / 4 : isSlow ? slowLatency! : latency!, signal)
    if (down) throw new Error('down')
    if (fails) throw new Error('status 503')
    return 'ok'
  }
}

/** A real address, asked with `fetch`. */
export const real =
  (url: string): Service =>
  async (signal) => {
    const response = await fetch(url, { signal })
    if (!response.ok) throw new Error(`status ${response.status}`)
    return `status ${response.status}`
  }
