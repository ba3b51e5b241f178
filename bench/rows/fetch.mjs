import { load } from '../packages.mjs'

export const title = 'fetch that succeeds at once, on a mock that has its response ready'
export const group = 'fetch'

const url = 'https://api.example.com/users/1'
const response = new Response('ok')
const mock = async () => response

/** What one writes by hand: a timeout for each attempt, and three of them. */
async function byHand() {
  for (let tries = 1; ; tries++) {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(new Error('timeout')), 10_000)
    try {
      const response = await mock(url, { signal: controller.signal })
      if (response.status < 500 || tries === 3) return response
    } catch (error) {
      if (tries === 3) throw error
    } finally {
      clearTimeout(timer)
    }
  }
}

const isIt = (call) => async () => ((await call()) === response ? 1 : 0)
/** For those that hand out a copy. */
const isOk = (call) => async () => ((await call()).status === 200 ? 1 : 0)

export const baseline = () => isIt(byHand)

const made = async (options, init) => {
  const { createFetch } = await load('fetch')
  const http = createFetch({ fetch: mock, maxTries: 3, ...options })
  return isIt(() => http(url, init))
}

export const rows = [
  {
    name: 'ky',
    async make() {
      const { default: ky } = await import('ky')
      const client = ky.create({ fetch: mock, retry: 2, timeout: 10_000 })
      return isOk(() => client(url))
    },
  },
  {
    name: 'ofetch',
    async make() {
      const { createFetch } = await import('ofetch')
      const client = createFetch({ fetch: mock, Headers, AbortController })
      return isOk(() => client.raw(url, { retry: 2, timeout: 10_000, responseType: 'stream' }))
    },
  },
  { name: 'backon: fetch', target: 2, make: () => made({}) },
  { name: 'backon: fetch, POST with headers', make: () => made({}, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }) },
  { name: "backon: fetch, with the caller's signal", make: () => made({}, { signal: new AbortController().signal }) },
  {
    name: 'backon: fetch + breaker + hedge',
    async make() {
      const { CircuitBreaker } = await load('breaker')
      const { hedging } = await load('hedge')
      const { isHttpFailure } = await load('fetch')
      return made({ use: [new CircuitBreaker({ isFailure: isHttpFailure }), hedging({ wait: 1_000, maxHedge: 2 })] })
    },
  },
]
