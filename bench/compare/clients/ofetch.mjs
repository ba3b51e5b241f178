import { ofetch } from 'ofetch'
import { signalOf } from '../signals.mjs'

export const name = 'ofetch'
export const packages = ['ofetch']
export const deadline = 'AbortSignal.timeout'

// Its `timeout` is for one attempt, until the headers.
export function make({ tries, wait, timeout, deadline }) {
  return async function request(url, init = {}) {
    try {
      const payload = /^(?:POST|PATCH|PUT|DELETE)$/.test(init.method ?? url.method ?? 'GET')
      const signal = signalOf(init.signal, deadline && AbortSignal.timeout(deadline))
      // By default it retries no method with a payload, so none is asked to.
      const response = await ofetch.raw(url, { ...init, ...(!payload && { retry: tries - 1 }), retryDelay: wait, timeout, responseType: 'text', duplex: 'half', ...(signal && { signal }) })
      return { status: response.status, read: async () => response._data ?? '' }
    } catch (error) {
      if (error.response && error.status >= 400) return { status: error.status, read: async () => error.data }
      throw error
    }
  }
}
