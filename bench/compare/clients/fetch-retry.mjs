import fetchRetry from 'fetch-retry'
import { signalOf } from '../signals.mjs'

export const name = 'fetch-retry'
export const packages = ['fetch-retry']
export const deadline = 'AbortSignal.timeout'

// It has no timeout of its own: the signal of fetch is all there is, and that is for all attempts together.
export function make({ tries, wait, timeout, deadline = timeout }) {
  const http = fetchRetry(fetch, { retries: tries - 1, retryDelay: wait, retryOn: [429, 500, 502, 503, 504] })
  return async function request(url, init = {}) {
    const signal = signalOf(init.signal, deadline && AbortSignal.timeout(deadline))
    const response = await http(url, { ...init, duplex: 'half', ...(signal && { signal }) })
    return { status: response.status, read: () => response.text() }
  }
}
