import type { Rule } from '../types.ts'
import { isElsewhere } from './hop.ts'

/** Errors of Node and undici, Bun's at the end: there was no connection, so nothing was sent. */
const unsent = /* @__PURE__ */ 'ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH UND_ERR_CONNECT_TIMEOUT ConnectionRefused FailedToOpenSocket'.split(' ')

/** There was one, and no answer came back, or not all of it. */
const lost = /* @__PURE__ */ 'UND_ERR_SOCKET UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT ECONNRESET EPIPE ETIMEDOUT ConnectionClosed'.split(' ')

/**
 * What a lost connection is called where errors have no code: never a proof that nothing was sent. Chromium (Failed to fetch, network error), Gecko (NetworkError
 * when attempting …), WebKit (Load failed) and CFNetwork below it (The network connection was lost, The Internet connection appears to be offline), React Native
 * (Network request failed), undici (terminated), Deno (error sending request …, error reading a body …).
 */
const lostMessage = /^(?:Failed to fetch|network error|NetworkError when|Load failed|The (?:network|Internet) connection|Network request failed|terminated|error (?:sending request|reading a body))/

/** Deno 2.9 says `fetch failed`, without a code; what happened is the message of the cause, in the words of hyper and of the system. */
const lostInDeno = /\(SendRequest\): connection |\(os error \d+\)/
/** There was no connection: that is all that is tried before anything is sent. */
const unsentInDeno = /client error \(Connect\): (?:tcp connect|dns) error/

/** workerd throws an Error, not a TypeError, and only for lost connections. */
const lostInWorkerd = 'Network connection lost.'

/** Finds what has a code: the error, one of its causes, or what an AggregateError holds (all addresses of a host have failed). */
export const coded = (error: any, depth = 0): any =>
  typeof error?.code === 'string' ? error
  : error && depth < 5 ? (coded(error.cause, depth + 1) ?? coded(error.errors?.[0], depth + 1))
  : undefined

const whileConnecting = ({ errors, syscall }: any): boolean => (errors ? errors.every(whileConnecting) : syscall === 'connect')

/** Whether this error says that nothing was processed. */
const isUnsent = (error: any): boolean =>
  unsent.includes(error.code) || (error.code === 'ETIMEDOUT' && whileConnecting(error)) || (error.code === 'ERR_HTTP2_STREAM_ERROR' && error.message.includes('NGHTTP2_REFUSED_STREAM'))

/** Who is asked again after an error; `undefined` for one that is no news of the network. What throws when it is looked at is none. */
export const ruleOf = (error: any, rows?: { readonly [code: string]: Rule }, origin?: () => string): Rule | undefined => {
  try {
    if (error?.name === 'TimeoutError') return 'idempotent'
    const source = coded(error)
    if (source) {
      const own = rows?.[source.code]
      if (own) return own
      if (isUnsent(source)) return origin && isElsewhere(source, origin()) ? 'idempotent' : 'always'
      return lost.includes(source.code) ? 'idempotent' : 'never'
    }
    const message = error?.message
    if (message === lostInWorkerd) return 'idempotent'
    if (!(error instanceof TypeError)) return undefined
    const below = String((error.cause as Error | undefined)?.message)
    return unsentInDeno.test(message + below) ? 'always' : lostMessage.test(message) || lostInDeno.test(below) ? 'idempotent' : undefined
  } catch {
    return undefined
  }
}
