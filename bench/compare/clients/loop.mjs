import { signalOf } from '../signals.mjs'

// What one writes by hand around `fetch`: it stands for having no library.
export const name = 'fetch in a loop'
export const packages = []
export const deadline = 'AbortSignal.timeout'

export function make({ tries, wait, timeout, deadline }) {
  return async function request(url, init = {}) {
    const whole = deadline && AbortSignal.timeout(deadline)
    for (let n = 1; ; n++) {
      const signal = signalOf(init.signal, whole, timeout && AbortSignal.timeout(timeout))
      try {
        const response = await fetch(url, { ...init, duplex: 'half', ...(signal && { signal }) })
        if (n === tries || (response.status !== 429 && response.status < 500)) return { status: response.status, read: () => response.text() }
      } catch (error) {
        if (n === tries || init.signal?.aborted || whole?.aborted) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
}
