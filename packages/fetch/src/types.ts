import type { Handlers, Options, Outcome, Plugin } from '@backon/core'

/**
 * Who is asked again after a status or an error code: `'always'` (nothing was processed), `'idempotent'` (the request may have been processed:
 * safe and idempotent ones only), `'key'` (only requests whose idempotency key was made here), `'never'`.
 */
export type Rule = 'always' | 'idempotent' | 'key' | 'never'

/** What is known of a request before its first attempt. */
export interface RequestFacts {
  /** The URL as given, absolute where it can be. */
  readonly url: string
  /** Scheme, host and port of the URL as given, not of redirects; `'null'` where it has none. */
  readonly origin: string
  readonly method: string
  /** Changes nothing on the server: GET, HEAD, OPTIONS, TRACE, QUERY. */
  readonly safe: boolean
  /** May run twice: safe, PUT, DELETE, has an `Idempotency-Key`, or `idempotent` says so. */
  readonly idempotent: boolean
}

type Retry = Omit<Options<Response>, 'use' | 'retryErrorCallback' | 'raiseOnGiveup'>

/**
 * How a `fetch` survives. Times are in ms. The options of `retry` work too: `condition`, `exception` and `predicate` (asked of a response that failed)
 * only narrow what is retried; `wait` is waited where the server has not said how long.
 */
export interface FetchOptions extends Retry {
  /** Sends the requests. Default: the `fetch` of the platform, looked up at each request. */
  fetch?: typeof globalThis.fetch | undefined
  /** One attempt, or one hedged copy, until the headers of its answer, the upload included; more than 24.8 days, `Infinity` too, is none. Default 10,000; for bodies that are streams none. */
  timeout?: number | undefined
  /** The longest silence while a read of the body waits for data. Default none. */
  idle?: number | undefined
  /** A server that asks for a longer wait gets none: its answer is returned at once. Default 60,000. */
  maxRetryAfter?: number | undefined
  /** Whether a request may run twice, instead of what its method and its headers say. */
  idempotent?: boolean | ((request: RequestFacts) => boolean) | undefined
  /** Gives POST and PATCH an `Idempotency-Key`, the same in all attempts of a call: `true` for a random one, or a function that makes it. A header that is there wins. Default none. */
  idempotencyKey?: boolean | ((request: RequestFacts) => string) | undefined
  /** A header that says how many attempts came before: `'x-retry-count'`. Not on the first attempt. Default none. */
  attemptHeader?: string | undefined
  /** Adds to the table of statuses, or replaces rows of it: `{ 520: 'idempotent', 429: 'never' }`. */
  statuses?: { readonly [status: number]: Rule } | undefined
  /** Adds to the table of error codes, or replaces rows of it: `{ MY_PROXY_GONE: 'always' }`. */
  errors?: { readonly [code: string]: Rule } | undefined
  /** Plugins around each attempt, the first is outermost; or a function that gives those for a request: `({ origin }) => [breakers.get(origin)]`. */
  use?: readonly Plugin[] | ((request: RequestFacts) => readonly Plugin[]) | undefined
  /** Told after each attempt, `exception` is a `ResponseError` for an answer that failed: clone its response to read it. */
  after?: Handlers<Outcome<Response>> | undefined
  /** An answer is returned, and what was thrown is thrown: not taken here. */
  retryErrorCallback?: never
  raiseOnGiveup?: never
}

/** The options of one call: instead of those of `createFetch`, where given. */
export interface CallOptions extends Omit<FetchOptions, 'idempotencyKey'> {
  /** As in `createFetch`, or the key itself. */
  idempotencyKey?: boolean | string | ((request: RequestFacts) => string) | undefined
}

/** A body: what `fetch` takes, or a function that makes one for each attempt. */
export type Body = RequestInit['body'] | (() => RequestInit['body'] | PromiseLike<RequestInit['body']>)

/** What `fetch` takes, a body that can be made anew, and `retry`. */
export interface FetchInit extends Omit<RequestInit, 'body' | 'duplex'> {
  body?: Body
  /** Options of this call; `false` for one attempt, in which timeouts and plugins stay. */
  retry?: CallOptions | false | undefined
  /** Of Node, for streams; set to `'half'` where it is needed. */
  duplex?: 'half' | undefined
}

/** A `fetch` that retries: to be used wherever `fetch` is. */
export type RetryingFetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>
