import got, { HTTPError } from 'got'

export const name = 'got'
export const packages = ['got']
export const deadline = 'timeout.request'
export const takesRequest = false

export function make({ tries, wait, timeout, deadline }) {
  // `calculateDelay` would switch off Retry-After, so the wait is set by its bound.
  const http = got.extend({ retry: { limit: tries - 1, backoffLimit: wait, noise: 0 }, timeout: { response: timeout, request: deadline } })
  return async function request(url, { body, ...init } = {}) {
    try {
      const response = await http(url, { ...init, ...(body !== undefined && { body }) })
      return { status: response.statusCode, read: async () => response.body }
    } catch (error) {
      if (error instanceof HTTPError) return { status: error.response.statusCode, read: async () => error.response.body }
      throw error
    }
  }
}
