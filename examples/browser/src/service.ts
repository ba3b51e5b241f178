import { clock, sleep } from '@backon/core'
import { randomFrom } from '@backon/testing'
import type { Settings } from './settings.ts'

/** Calls the service once, for one of those who call: resolves with what it answers. */
export type Service = (signal: AbortSignal, caller: number) => Promise<string>

/** How long the service counts before it counts anew, for its rate limit. */
const rateWindow = 10_000

/**
 * A service that is as good as it was said to be, by the clock in force. What happens to the nth request of a caller depends on the seed
 * alone: two policies meet the same fate for as long as they ask the same. `usual` is its usual load, in requests a ms.
 */
export function simulated(settings: Settings, usual: number): Service {
  const { failures, latency, slow, slowLatency, outageFrom, outageFor, limit, seed } = settings as Record<string, number>
  const fates = new Map<number, () => number>()
  const most = Math.max(1, Math.round(usual * rateWindow * (limit! / 100)))
  let window = -1
  let seen = 0
  return async (signal, caller) => {
    const draw = fates.get(caller) ?? randomFrom(seed! * 7_919 + caller + 1)
    fates.set(caller, draw)
    const [isSlow, fails] = [draw() * 100 < slow!, draw() * 100 < failures!]
    const now = clock().now()
    const down = now >= outageFrom! && now < outageFrom! + outageFor!
    if (Math.floor(now / rateWindow) !== window) {
      window = Math.floor(now / rateWindow)
      seen = 0
    }
    const limited = !down && ++seen > most
    await sleep(down || limited ? latency! / 4 : isSlow ? slowLatency! : latency!, signal)
    if (down) throw new Error('down')
    if (limited) throw Object.assign(new Error('status 429'), { retryAfter: Math.max(0, (window + 1) * rateWindow - clock().now()) })
    if (fails) throw new Error('status 503')
    return 'ok'
  }
}

/** A real address, asked with `fetch`. */
export const real =
  (url: string): Service =>
  async (signal) => {
    const response = await fetch(url, { signal })
    if (!response.ok) throw Object.assign(new Error(`status ${response.status}`), { response })
    return `status ${response.status}`
  }
