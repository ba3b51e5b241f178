import type { Rule } from './types.ts'

const table = (rule: Rule, codes: string): [string, Rule][] => codes.split(' ').map((code) => [code, rule])

/** Which errors are asked again, and of whom, by their code: of Node and undici, Bun's at the end of each line. */
export const codeRules: { readonly [code: string]: Rule } = /* @__PURE__ */ Object.fromEntries([
  // There was no connection, so nothing was sent.
  ...table('always', 'ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH UND_ERR_CONNECT_TIMEOUT ConnectionRefused FailedToOpenSocket'),
  // There was one, and no answer came back, or not all of it.
  ...table('idempotent', 'UND_ERR_SOCKET UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT ECONNRESET EPIPE ETIMEDOUT ConnectionClosed'),
])

/**
 * What a lost connection is called where errors have no code: never a proof that nothing was sent. Chromium (Failed to fetch, network error), Gecko (NetworkError
 * when attempting …), WebKit (Load failed) and CFNetwork below it (The …), React Native (Network request failed), undici (terminated), Deno (error sending request …,
 * error reading a body …).
 */
const lostMessage =
  /^(?:Failed to fetch|network error|NetworkError when attempting|Load failed|The network connection was lost|The Internet connection appears to be offline|Network request failed|terminated|error (?:sending request|reading a body))/

/** Deno 2.9 says `fetch failed`, without a code; what happened is the message of the cause, in the words of hyper and of the system. */
const lostInDeno = /\(SendRequest\): connection |\(os error \d+\)/
/** There was no connection: that is all that is tried before anything is sent. */
const unsentInDeno = /client error \(Connect\): (?:tcp connect|dns) error/

/** workerd throws an Error, not a TypeError, and only for lost connections. */
const lostInWorkerd = 'Network connection lost.'

/** Finds what has a code: the error, one of its causes, or what an AggregateError holds (all addresses of a host have failed). */
const coded = (error: any, depth = 0): any =>
  error == null || depth > 5 ? undefined
  : typeof error.code === 'string' ? error
  : (coded(error.cause, depth + 1) ?? (Array.isArray(error.errors) ? coded(error.errors[0], depth + 1) : undefined))

/** Codes that say something about the program, not about the service. */
const ours = /^(?:UND_)?ERR_(?:INVALID|NOT_SUPPORTED|ABORTED|CLOSED|DESTROYED)/

const whileConnecting = (error: any): boolean => (Array.isArray(error.errors) ? error.errors.every(whileConnecting) : error.syscall === 'connect')

/** Who is asked again after an error; `undefined` for one that is no news of the network. */
export const ruleOf = (error: any, rules: typeof codeRules = codeRules): Rule | undefined => {
  if (error?.name === 'TimeoutError') return 'idempotent'
  const source = coded(error)
  if (source) {
    const { code, message } = source
    if (code === 'ERR_HTTP2_STREAM_ERROR' && /NGHTTP2_REFUSED_STREAM/.test(message)) return 'always'
    if (code === 'ETIMEDOUT' && rules[code] === codeRules[code] && whileConnecting(source)) return 'always'
    return rules[code] ?? (ours.test(code) ? undefined : 'never')
  }
  const message = String(error?.message)
  if (message === lostInWorkerd) return 'idempotent'
  if (!(error instanceof TypeError)) return undefined
  const below = String((error.cause as Error | undefined)?.message)
  return unsentInDeno.test(message + below) ? 'always' : lostMessage.test(message) || lostInDeno.test(below) ? 'idempotent' : undefined
}
