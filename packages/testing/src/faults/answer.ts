import { atLeastZero, check, invalid } from '@backon/core/kit'
import { park, resume } from '../clock/patience.ts'
import { type Plan, readStep, type Step } from './steps.ts'
import { turn } from '../clock/turn.ts'

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** An answer in full. Every part is optional; `{}` is a 200 without a body. */
export interface ServerAnswer {
  /** Default 200. */
  status?: number
  /** As they are to be sent. `content-type` follows from the body, `connection` is `close`, unless they are among these. */
  headers?: Record<string, string | readonly string[]>
  /** Text, bytes, or a stream of either, sent in chunks as they come; one that throws breaks the connection. A stream is for one answer: make it in a function. */
  body?: string | Uint8Array | AsyncIterable<string | Uint8Array>
  /** A value to send as JSON, instead of `body`. */
  json?: unknown
  /** How long to wait before answering, in ms. Default 0. */
  delay?: number
  /** How the body ends: `'half'` hangs up after it, having promised more; `'stall'` sends it and then nothing, for ever. Default: as it should. */
  ending?: 'half' | 'stall'
}

/** What a request is answered with: in words, in full, with a `Response` of the platform's, or by a function that gives one of these. */
export type ServerStep = Step | ServerAnswer | Response | ((request: SeenRequest, run: number) => Given | PromiseLike<Given>)
// Any text here: an async function's literal would be a plain string already. What is no step is answered with a 501 that says so.
/** What a function may give: a step in words, an answer in full, or a `Response`. */
export type Given = string | ServerAnswer | Response

// The types of Node are not there in every project.
/** What this package needs of a response of `node:http`. */
export interface Outgoing {
  readonly destroyed: boolean
  socket: { destroy(): void; resetAndDestroy?(): void } | null
  writeHead(status: number, headers: Record<string, string | readonly string[]>): Outgoing
  flushHeaders(): void
  write(chunk: string | Uint8Array, done?: () => void): void
  end(chunk?: string | Uint8Array): void
}
const moreSteps = 'an answer in full such as { status: 200, json: {} }, a Response, a function that gives one of these'

/** Reads a step, as far as it can be read before there is a request. */
export const readServerStep = (step: any): ServerStep | Plan => {
  if (typeof step === 'function' || step instanceof Response) return step
  if (typeof step !== 'object' || step === null || Array.isArray(step)) return readStep(step, moreSteps)
  const { status = 200, headers, delay = 0, ending, body } = step as ServerAnswer
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) invalid('status', 'an integer from 200 to 599', status)
  atLeastZero('delay', delay)
  check('object', { headers })
  if (ending !== undefined && ending !== 'half' && ending !== 'stall') invalid('ending', "'half' or 'stall'", ending)
  const isBody = typeof body === 'string' || body instanceof Uint8Array || (typeof body === 'object' && Symbol.asyncIterator in body)
  if (body !== undefined && !isBody) invalid('body', 'text, bytes or a stream of them; for a value there is json', body)
  return step
}

export const isPlan = (step: ServerAnswer | Plan): step is Plan => 'kind' in step

/** Writes a step in words out in full; `'reset'` and a `'stall'` without headers have no such form. */
export const inFull = ({ kind, status, retryAfter, delay }: Plan): ServerAnswer => ({
  status,
  headers: { 'content-type': 'text/plain', ...(retryAfter !== undefined && { 'retry-after': retryAfter }) },
  // None is allowed where there is no body.
  ...(status !== 204 && status !== 304 && { body: status < 400 ? 'ok' : `status ${status}` }),
  delay,
  ...(kind === 'half' && { ending: kind }),
})

const typeOf = ({ body, json }: ServerAnswer): string | undefined =>
  json !== undefined ? 'application/json' : typeof body === 'string' ? 'text/plain; charset=utf-8' : undefined

/** A response can be read once: its copy is sent, so that it can be there for the next request too. */
export const ofResponse = (response: Response): ServerAnswer => {
  const { status, headers, body } = response.clone()
  return { status, headers: Object.fromEntries(headers), ...(body && { body: body as unknown as AsyncIterable<Uint8Array> }) }
}

const written = (response: Outgoing, chunk: string | Uint8Array): Promise<void> => new Promise((resolve) => response.write(chunk, resolve))

/** Sends a stream, chunk by chunk. Between two chunks virtual time may pass, but not before the first of them has arrived. */
const stream = async (response: Outgoing, chunks: AsyncIterable<string | Uint8Array>): Promise<void> => {
  response.flushHeaders()
  const iterator = chunks[Symbol.asyncIterator]()
  for (;;) {
    const next = iterator.next()
    park()
    const { done, value } = await next
    resume()
    if (done || response.destroyed) break
    await written(response, value)
    for (let i = 0; i < 20; i++) await turn()
  }
  if (response.destroyed) await iterator.return?.()
}

/** Sends an answer. */
export const answer = async (response: Outgoing, given: ServerAnswer): Promise<void> => {
  const { status = 200, headers, json, ending } = given
  const body = json === undefined ? given.body : JSON.stringify(json)
  const whole = typeof body === 'string' ? new TextEncoder().encode(body) : body instanceof Uint8Array ? body : undefined
  const type = typeOf(given)
  response.writeHead(status, {
    'connection': 'close',
    ...(type && { 'content-type': type }),
    ...(whole && { 'content-length': String(ending ? whole.length * 2 + 1 : whole.length) }),
    ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
  })
  if (whole && !ending) return response.end(whole)
  if (whole) {
    // Also with nothing in it, the headers are on their way.
    response.flushHeaders()
    await written(response, whole)
  } else if (body) await stream(response, body as AsyncIterable<string | Uint8Array>)
  if (ending === 'half') response.socket?.destroy()
  else if (ending === 'stall') park()
  else response.end()
}
