import wretch from 'wretch'
import AbortAddon from 'wretch/addons/abort'
import { retry } from 'wretch/middlewares'

export const name = 'wretch'
export const packages = ['wretch']
export const deadline = 'setTimeout'
export const takesRequest = false

export function make({ tries, wait, timeout, deadline = timeout }) {
  const again = retry({ delayTimer: wait, delayRamp: (delay) => delay, maxAttempts: tries - 1, retryOnNetworkError: true, resolveWithLatestResponse: true })
  // 0 of them would be without end.
  const api = wretch().addon(AbortAddon()).middlewares(tries > 1 ? [again] : [])
  return async function request(url, init = {}) {
    let chain = api.options({ ...init, duplex: 'half' }).url(url).fetch()
    if (deadline) chain = chain.setTimeout(deadline)
    try {
      const response = await chain.res()
      return { status: response.status, read: () => response.text() }
    } catch (error) {
      if (error.response) return { status: error.status, read: () => error.response.text() }
      throw error
    }
  }
}
