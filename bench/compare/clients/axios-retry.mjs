import { Readable } from 'node:stream'
import axios from 'axios'
import axiosRetry, { linearDelay } from 'axios-retry'

export const name = 'axios-retry'
export const packages = ['axios-retry', 'axios']
export const deadline = 'timeout'
export const takesRequest = false

export function make({ tries, wait, timeout, deadline }) {
  const client = axios.create({ responseType: 'text', transformResponse: (text) => text, ...((timeout || deadline) && { timeout: timeout ?? deadline }) })
  // Of its own delays this one looks at Retry-After; the first is one `wait`. A timeout of one attempt needs `shouldResetTimeout`.
  axiosRetry(client, { retries: tries - 1, retryDelay: (n, error) => linearDelay(wait)(1, error), shouldResetTimeout: !!timeout })
  return async function request(url, { body, ...init } = {}) {
    try {
      // It takes streams of Node, and no other iterables.
      const data = body?.[Symbol.asyncIterator] ? Readable.from(body) : body
      const response = await client.request({ url, ...init, data })
      return { status: response.status, read: async () => response.data }
    } catch (error) {
      if (error.response?.status >= 300) return { status: error.response.status, read: async () => error.response.data }
      throw error
    }
  }
}
