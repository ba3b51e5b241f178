import { random, sleep } from '@backon/core'
import { invalid, optionsOf } from '@backon/core/kit'
import { isRequest } from './request/bodies.ts'
import { inBrowser } from './request/browser.ts'
import { close, withBody } from './body/like.ts'
import { hostOf, textOf } from './request/facts.ts'
import type { RetryingFetch } from './types.ts'

/** How a body that was cut off is gone on with. */
export interface ResumeOptions {
  /** Requests in a row that bring less than 64 KiB each, the first included: an integer of 1 or more, or `Infinity`. Default 3. */
  maxTries?: number | undefined
  /** The longest wait before the first of them, in ms; it doubles with each, up to 20 s, and is drawn at random (full jitter). Default 250. */
  wait?: number | undefined
}

/** So much of a body gives the tries back. */
const progress = 64 * 1024
const longestWait = 20_000

/** Whether a response is one version of one thing, sent as it is, of which a part can be asked for. */
const isResumable = ({ body, headers, status }: Response): boolean =>
  status === 200 && !!body && !!headers.get('etag')?.startsWith('"') && !headers.has('content-encoding') && headers.get('accept-ranges') !== 'none'

/** Where a part begins, and how long the whole is; `NaN` where it is not said. */
const rangeOf = ({ headers }: Response): { start: number; whole: number } => {
  const [, start, whole] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? []
  return { start: Number(start), whole: Number(whole) }
}

/** Says why an answer is not the rest of the body: all must fit, as half of two versions is worse than nothing. */
const misfit = (response: Response, etag: string, from: number, total: number): string | undefined => {
  const { headers, status } = response
  const { start, whole } = rangeOf(response)
  return (
    status === 200 ? 'it has changed meanwhile, or the server sends no parts'
    : status !== 206 ? `the answer is ${status}`
    : headers.get('etag') !== etag ? 'the answer has another ETag'
    : headers.has('content-encoding') ? 'the answer is encoded'
    : start !== from ? `the answer begins at ${start}`
    : whole >= 0 && total >= 0 && whole !== total ? `it has ${whole} bytes now instead of ${total}`
    : undefined
  )
}

/**
 * Makes a `fetch` whose downloads go on where their connection was cut off: with a Range request for the rest, for as long as the server has the same version (strong ETag,
 * `If-Range`). It concerns GET without a `Range` of yours, answered with 200, an ETag and no content-encoding; all else is handed on as it is. A body that cannot be gone on
 * with fails with a TypeError that says why; its `cause` is what cut it off. Never a mixture of two versions.
 *
 * `http` is asked for each part, with its timeouts and retries; its `maxTime` is for one part. Give `idle` to it, so that a silent connection counts as cut off.
 *
 * @example
 * const download = resumable(createFetch({ idle: 10_000 }))
 * await pipeline((await download(url)).body, createWriteStream('big.iso'))
 */
export const resumable = (http: RetryingFetch | typeof globalThis.fetch, options: ResumeOptions = {}): RetryingFetch => {
  const { maxTries = 3, wait = 250 } = optionsOf('resumable', options, ['maxTries', 'wait'])
  if (typeof http !== 'function') invalid('http', 'a fetch, such as createFetch() gives', http)
  if (!(maxTries === Infinity || (Number.isInteger(maxTries) && maxTries > 0))) invalid('maxTries', 'an integer of 1 or more, or Infinity', maxTries)
  if (!(wait >= 0)) invalid('wait', 'a number of 0 or more', wait)
  const send = http as RetryingFetch

  return async (input, init) => {
    const request = isRequest(input) ? input : undefined
    const headers = new Headers(init?.headers ?? request?.headers)
    if ((init?.method ?? request?.method ?? 'GET').toUpperCase() !== 'GET' || headers.has('range')) return send(input, init)
    // What is packed on its way has no part that could be asked for. Browsers decide on this themselves.
    if (!headers.has('accept-encoding') && !inBrowser()) headers.set('accept-encoding', 'identity')
    const response = await send(input, { ...init, headers })
    if (!isResumable(response)) return response

    const signal = init?.signal === undefined ? request?.signal : init.signal
    const ask = (more: Record<string, string>, signal: AbortSignal): Promise<Response> => {
      const all = new Headers(headers)
      for (const name in more) all.set(name, more[name]!)
      return send(input, { ...init, headers: all, signal })
    }
    return withBody(response, resuming(response, ask, { maxTries, wait, signal: signal ?? undefined, name: `GET ${hostOf(textOf(input))}` }))
  }
}

interface Resuming {
  readonly maxTries: number
  readonly wait: number
  readonly signal: AbortSignal | undefined
  readonly name: string
}

const resuming = (response: Response, ask: (headers: Record<string, string>, signal: AbortSignal) => Promise<Response>, { maxTries, wait, signal, name }: Resuming): ReadableStream => {
  const etag = response.headers.get('etag')!
  /** `NaN` as long as nobody has said it. */
  let total = Number(response.headers.get('content-length') ?? NaN)
  let reader = response.body!.getReader()
  let received = 0
  /** How far the latest request began, and how many in a row have brought little. */
  let from = 0
  let tries = 1
  const cancelled = new AbortController()
  const ended = signal ? AbortSignal.any([signal, cancelled.signal]) : cancelled.signal

  /** Opens the rest of the body, or throws why there is none. */
  const goOn = async (cut: any): Promise<void> => {
    reader.cancel().catch(() => {})
    if (signal?.aborted || cut?.retryable === false || cut?.name === 'AbortError') throw cut
    tries = received - from >= progress ? 1 : tries + 1
    from = received
    const fail = (why: string): never => {
      throw new TypeError(`${name}: the body was cut off after ${received} bytes, and cannot be gone on with: ${why}`, { cause: cut })
    }
    if (tries > maxTries) fail(`${maxTries} requests in a row brought less than ${progress} bytes each`)
    await sleep(random() * Math.min(longestWait, wait * 2 ** (tries - 1)), ended)
    const rest = await ask({ range: `bytes=${received}-`, 'if-range': etag }, ended)
    const why = cancelled.signal.aborted ? 'it was cancelled' : misfit(rest, etag, received, total)
    if (why || !rest.body) {
      rest.body?.cancel().catch(() => {})
      fail(why ?? 'the answer has no body')
    }
    const { whole } = rangeOf(rest)
    if (whole >= 0) total = whole
    reader = rest.body!.getReader()
  }

  const pull = async (sink: ReadableByteStreamController): Promise<void> => {
    for (;;) {
      let cut: unknown
      try {
        const { done, value } = await reader.read()
        if (!done) {
          if (!value.byteLength) continue
          received += value.byteLength
          sink.enqueue(value as Uint8Array<ArrayBuffer>)
          return
        }
        if (!(total >= 0) || received === total) return close(sink)
        cut = new TypeError(`${name}: the body ended after ${received} of ${total} bytes`)
      } catch (error) {
        if (received === total) return close(sink)
        cut = error
      }
      await goOn(cut)
    }
  }
  const cancel = (reason: unknown): Promise<void> => {
    cancelled.abort(reason)
    // One that was cut off cannot be cancelled any more.
    return reader.cancel(reason).catch(() => {})
  }
  return new ReadableStream({ type: 'bytes', pull, cancel })
}
