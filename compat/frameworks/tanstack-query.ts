import { type Details, expo, fullJitter, retry, retryAfter } from '@backon/core'
import { QueryClient } from '@tanstack/query-core'
import { scripted } from './scripted.mjs'

const server = await scripted({ status: 503 }, { status: 503 }, {}, { status: 429, headers: { 'retry-after': '0' } })

// recipe: TanStack Query retries, and waits as long as a strategy of ours says.
const wait = expo({ factor: 10, maxValue: 30_000 })

const client = new QueryClient({
  defaultOptions: {
    queries: {
      retry: 3,
      retryDelay: (failures) => fullJitter(wait({ tries: failures + 1 } as Details) ?? 0),
    },
  },
})

const user = await client.fetchQuery({
  queryKey: ['user', 1],
  queryFn: async ({ signal }) => {
    const response = await fetch(`${server.url}/users/1`, { signal })
    if (!response.ok) throw new Error(`status ${response.status}`)
    return response.json()
  },
  // `fetchQuery` does not retry unless told to; components do.
  retry: 3,
})
// end

// recipe: TanStack Query caches, and `retry` retries: it hears `Retry-After`, and stops with the query.
const post = await client.fetchQuery({
  queryKey: ['post', 1],
  retry: false,
  queryFn: ({ signal }) =>
    retry((attempt) => fetch(`${server.url}/posts/1`, { signal: attempt.signal }), {
      exception: TypeError, // what fetch throws when there was no answer
      predicate: ({ status }) => status === 429 || status === 503,
      wait: retryAfter(),
      signal,
    }).then((response) => (response.ok ? response.json() : Promise.reject(new Error(`status ${response.status}`)))),
})
// end

console.log(user.name, post.name, server.seen.length, 'requests')
client.clear()
server.close()
// prints: Ada Ada 5 requests
