import { Agent, fetch, Request, RetryAgent } from 'undici'
import { signalOf } from '../signals.mjs'

export const name = 'undici fetch + RetryAgent'
export const packages = ['undici']
export const deadline = 'AbortSignal.timeout'
export { Request }

export function make({ tries, wait, timeout, deadline }) {
  const agent = new Agent({ headersTimeout: timeout })
  const dispatcher = new RetryAgent(agent, { maxRetries: tries - 1, minTimeout: wait, timeoutFactor: 1 })
  return async function request(url, init = {}) {
    const signal = signalOf(init.signal, deadline && AbortSignal.timeout(deadline))
    const response = await fetch(url, { ...init, duplex: 'half', dispatcher, ...(signal && { signal }) })
    return { status: response.status, read: () => response.text() }
  }
}
