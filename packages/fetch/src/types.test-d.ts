import { createFetch, type FetchOptions, isHttpFailure, type RetryingFetch, ResponseError } from './index.ts'
import { resumable } from './resume.ts'

// It is a fetch, and takes what fetch takes.
export const http = createFetch()
export const asFetch: typeof globalThis.fetch = http
export const again: RetryingFetch = resumable(resumable(http))
export const resumed: typeof globalThis.fetch = resumable(fetch)
export const response: Promise<Response> = http(new URL('http://x.example'), { method: 'POST', body: new FormData(), signal: AbortSignal.timeout(1), headers: [['a', 'b']] })
void http(new Request('http://x.example'))
void http('http://x.example', { body: () => new Blob(['x']).stream(), duplex: 'half' })
void http('http://x.example', { body: async () => 'text', retry: { maxTries: 1, idempotencyKey: 'order-17' } })
void http('http://x.example', { retry: false })

// A fetch of another library goes in as it is, and so does one of ours.
createFetch({ fetch: http as typeof fetch })
createFetch({ fetch: async (input, init) => fetch(input, init) })

createFetch({ use: ({ url, origin, method, safe, idempotent }) => (url + origin + method && safe && idempotent ? [] : []) })
createFetch({ statuses: { 520: 'idempotent', 429: 'never' }, errors: { CODE: 'always' }, predicate: (response) => response.headers.has('x-again') })
createFetch({ onBackoff: ({ exception, wait }) => exception instanceof ResponseError && exception.status + wait })
createFetch({ after: ({ value }) => value?.status })
createFetch({ timeout: undefined, maxTime: () => 1_000, signal: undefined })
export const verdict: boolean | 'ignore' = isHttpFailure({ exception: new Error('x') })
export const options: FetchOptions = {}

// @ts-expect-error - there is no such option
createFetch({ retries: 3 })
// @ts-expect-error - nor this one
createFetch({ maxTry: 3 })
// @ts-expect-error - an answer is returned
createFetch({ retryErrorCallback: () => new Response() })
// @ts-expect-error - an error is thrown
createFetch({ raiseOnGiveup: false })
// @ts-expect-error - one key for all calls would make them one
createFetch({ idempotencyKey: 'order-17' })
// @ts-expect-error - no rule
createFetch({ statuses: { 503: true } })
// @ts-expect-error - statuses are a table
createFetch({ statuses: [503] })
// @ts-expect-error - a number
createFetch({ timeout: '5s' })
// @ts-expect-error - a function of the request gives a list
createFetch({ use: () => ({ wrap: (next: unknown) => next }) })
// @ts-expect-error - the fetch goes into the options
createFetch(fetch)
// @ts-expect-error - true means nothing
void http('http://x.example', { retry: true })
// @ts-expect-error - how often is an option
void http('http://x.example', { retry: 3 })
// @ts-expect-error - no body
void http('http://x.example', { body: () => 42 })
// @ts-expect-error - no URL
void http(42)
// @ts-expect-error - no fetch
resumable({})
