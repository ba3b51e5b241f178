import ky, { HTTPError } from 'ky'

export const name = 'ky'
export const packages = ['ky']
export const deadline = 'totalTimeout'

export function make({ tries, wait, timeout, deadline: totalTimeout }) {
  const http = ky.create({ retry: { limit: tries - 1, delay: () => wait, retryOnTimeout: true }, ...(timeout && { timeout }), ...(totalTimeout && { totalTimeout }) })
  return async function request(url, init = {}) {
    try {
      const response = http(url, init.body?.[Symbol.asyncIterator] ? { ...init, duplex: 'half' } : init)
      const { status } = await response
      return { status, read: () => response.text() }
    } catch (error) {
      // It throws for every status that is not 2xx.
      if (error instanceof HTTPError) return { status: error.response.status, read: async () => error.data }
      throw error
    }
  }
}
