import { clock } from '@backon/core'
import { hasBody, isRequest, isStream } from './bodies.ts'
import type { ResponseError } from './error.ts'
import { methodOf } from './methods.ts'
import type { Settings } from './settings.ts'
import { Facts, hostOf } from './request.ts'
import type { Body, FetchInit, RequestFacts } from './types.ts'

/** An answer with a body, until it is clear whether it is handed out. */
export interface Answer {
  /** What the attempt came to: the response, or the error around one that failed. */
  readonly _result: Response | ResponseError
  readonly _controller: AbortController
  /** Let go: whoever is given it could not read it. */
  _gone: boolean
}

/** One call of `fetch`: what it was given, and what has come of it. */
export interface Call {
  readonly _settings: Settings
  readonly _input: string | URL | Request
  readonly _init: FetchInit | undefined
  readonly _facts: RequestFacts
  /** Method and host, never the path: it becomes a label. */
  readonly _name: string
  readonly _signal: AbortSignal | undefined
  readonly _body: Body | undefined
  /** Its body can be read once. */
  readonly _oneShot: boolean
  /** Where a key was added to them. */
  readonly _headers: Headers | undefined
  readonly _maxTime: number | undefined
  /** When it must be over, on the clock in force. */
  readonly _deadline: number
  /** How often it runs at this moment. */
  _busy: number
  /** The attempt that ran last. */
  _tries: number
  /** The failure after which it must not be sent again. */
  _final: { readonly _error: unknown } | undefined
  readonly _answers: Answer[]
}

/** What a key is called: draft-ietf-httpapi-idempotency-key-header. */
const keyHeader = 'idempotency-key'

/** A key that nobody else makes. `randomUUID` is missing on pages without https. */
const newKey = (): string => crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join('-')

/** A dictionary may be anything with these properties, a Request too, whose getters are enumerable but not its own. */
const plain = (init: FetchInit): any => {
  if (Object.getPrototypeOf(init) === Object.prototype) return { ...init }
  const copy: any = {}
  for (const name in init) copy[name] = init[name as keyof FetchInit]
  return copy
}

const headersOf = (input: unknown, init: FetchInit | undefined): Headers => new Headers(init?.headers ?? (isRequest(input) ? input.headers : undefined))

/** Decides what kind of request it is, once, before the first attempt. */
export const open = (settings: Settings, input: any, given: FetchInit | undefined): Call => {
  const request = isRequest(input) ? input : undefined
  const init = given && plain(given)
  if (init) delete init.retry
  const method = methodOf(init?.method ?? request?.method)
  const facts = new Facts(input, method)
  const body = init?.body ?? undefined
  const oneShot = body === undefined ? !!request && hasBody(request) : isStream(body)
  let headers: Headers | undefined

  if (!facts.idempotent) {
    const all = headersOf(input, init)
    const { idempotencyKey } = settings
    if (idempotencyKey && !all.has(keyHeader) && /^(?:POST|PATCH)$/i.test(method)) {
      headers = all
      headers.set(keyHeader, idempotencyKey === true ? newKey() : typeof idempotencyKey === 'function' ? idempotencyKey(facts) : idempotencyKey)
    }
    facts.idempotent = all.has(keyHeader)
  }
  const { idempotent, maxTime, signal } = settings
  if (idempotent !== undefined) {
    facts.idempotent = typeof idempotent === 'function' ? idempotent(facts) : idempotent
    facts.safe &&= facts.idempotent
  }

  const own = (init?.signal === undefined ? request?.signal : init.signal) ?? undefined
  const time = typeof maxTime === 'function' ? maxTime() : maxTime
  return {
    _settings: settings,
    _input: input,
    _init: init,
    _facts: facts,
    _name: settings.name ?? `${method} ${hostOf(input)}`,
    _signal: own && signal ? AbortSignal.any([own, signal]) : (own ?? signal),
    _body: body,
    _oneShot: oneShot,
    _headers: headers,
    _maxTime: time,
    _deadline: time === undefined ? Infinity : clock().now() + time,
    _busy: 0,
    _tries: 0,
    _final: undefined,
    _answers: [],
  }
}

/** Whether it may run more than once at a time: safe, and not for a part of something. */
export const isHedgeable = ({ _facts, _init, _input, _oneShot }: Call): boolean => _facts.safe && !_oneShot && !headersOf(_input, _init).has('range')
