import { clock } from '@backon/core'
import { hasBody, isRequest, isStream } from './request/bodies.ts'
import type { ResponseError } from './verdict/error.ts'
import { methodOf } from './request/methods.ts'
import { Facts, hostOf, textOf } from './request/facts.ts'
import type { Settings } from './settings.ts'
import type { FetchInit, RequestFacts } from './types.ts'

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
  /** A copy of what was given. Its headers are those of the Request where it has none, and with the key that was made here. */
  readonly _init: FetchInit
  readonly _facts: RequestFacts
  /** Method and host, never the path: it becomes a label. */
  /** Asked when somebody wants to know: to read a host takes time. */
  readonly _name: () => string
  readonly _signal: AbortSignal | undefined
  /** Its body can be read once. */
  readonly _oneShot: boolean
  /** Has a key that was made here. */
  readonly _keyed: boolean
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

/** An option that may be a function of the request. */
export const ofRequest = (option: any, facts?: RequestFacts): any => (typeof option === 'function' ? option(facts) : option)

/** Decides what kind of request it is, once, before the first attempt. */
export const open = (settings: Settings, input: any, given?: FetchInit): Call => {
  const { idempotencyKey, idempotent, maxTime, name, signal } = settings
  const request = isRequest(input) ? input : undefined
  const init: any = {}
  // A dictionary may be anything with these properties, a Request too, whose getters are enumerable but not its own.
  for (const name in given) if (name !== 'retry') init[name] = given[name as keyof FetchInit]
  if (request) init.headers ??= request.headers
  const text = textOf(input)
  const method = methodOf(init.method ?? request?.method)
  const facts = new Facts(text, method)
  let keyed = false

  if (!facts.idempotent) {
    const headers = new Headers(init.headers)
    if (idempotencyKey && !headers.has(keyHeader) && /^(?:POST|PATCH)$/i.test(method)) {
      headers.set(keyHeader, idempotencyKey === true ? newKey() : ofRequest(idempotencyKey, facts))
      init.headers = headers
      keyed = true
    }
    facts.idempotent = headers.has(keyHeader)
  }
  if (idempotent !== undefined) {
    facts.idempotent = ofRequest(idempotent, facts)
    facts.safe &&= facts.idempotent
  }

  const own = (init.signal === undefined ? request?.signal : init.signal) ?? undefined
  const time: number | undefined = ofRequest(maxTime)
  return {
    _settings: settings,
    _input: input,
    _init: init,
    _facts: facts,
    _name: () => name ?? `${method} ${hostOf(text)}`,
    _signal: own && signal ? AbortSignal.any([own, signal]) : (own ?? signal),
    _oneShot: init.body == null ? !!request && hasBody(request) : isStream(init.body),
    _keyed: keyed,
    _maxTime: time,
    _deadline: time === undefined ? Infinity : clock().now() + time,
    _busy: 0,
    _tries: 0,
    _final: undefined,
    _answers: [],
  }
}

/** Whether it may run more than once at a time: safe, and not for a part of something. */
export const isHedgeable = ({ _facts, _init, _oneShot }: Call): boolean => _facts.safe && !_oneShot && !new Headers(_init.headers as HeadersInit).has('range')
