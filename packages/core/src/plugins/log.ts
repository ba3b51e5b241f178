import { invalid } from '../check.ts'
import type { AbortDetails, BackoffDetails, Details, GiveupDetails, Plugin, SuccessDetails } from '../types.ts'
import { kindOf, onOneLine, thrownInShort } from './in-short.ts'

/** What a log writes to: `console`, pino, winston and most others fit. */
export type Logger = { readonly [Level in 'debug' | 'info' | 'warn' | 'error']?: (message: string) => unknown }

/** At which level each moment is logged; `null` for not at all. */
export interface LogLevels {
  /** Before each wait. Default `'info'`. */
  backoff?: keyof Logger | null | undefined
  /** When the call gives up. Default `'error'`. */
  giveup?: keyof Logger | null | undefined
  /** When the call is cut off by its caller's signal or by one of its callbacks. Default `'info'`. */
  abort?: keyof Logger | null | undefined
  /** When the call succeeds after more than one attempt. Default `null`. */
  success?: keyof Logger | null | undefined
}

const who = ({ name }: Details): string => onOneLine(String(name), 100) || 'anonymous call'

const what = (details: Details): string =>
  'exception' in details ? onOneLine(thrownInShort(details.exception), 300) : `unwanted value: ${onOneLine(kindOf(details.value), 100)}`

const attempts = ({ tries }: Details): string => `${tries} ${tries === 1 ? 'attempt' : 'attempts'}`

/**
 * Logs waits and ends of calls. A message is one line: it names the call, the attempt, the wait, the error (its name and message, at most 300
 * characters), why the call gave up and why it was cut off. Of a returned value it tells the kind and the size, never the content, and of the
 * arguments nothing. Throws when the logger lacks a method for a level that is in use.
 *
 * @example
 * retry(fetchUser, { use: [log(console)] })
 * // fetchUser: attempt 1 failed, next in 730 ms: TypeError: fetch failed
 * // fetchUser: gave up after 3 attempts (tries): TypeError: fetch failed
 */
export const log = (logger: Logger, levels: LogLevels = {}): Plugin => {
  const { backoff = 'info', giveup = 'error', abort = 'info', success = null } = levels
  const at = <Facts>(level: keyof Logger | null, message: (details: Facts) => string): ((details: Facts) => unknown) | undefined => {
    if (level === null) return undefined
    if (typeof logger?.[level] !== 'function') invalid('logger', `an object with a method ${String(level)}`, logger)
    return (details) => logger[level]!(message(details))
  }
  const onSuccess = at(success, (details: SuccessDetails) => `${who(details)}: succeeded after ${attempts(details)}`)
  const hooks = {
    onBackoff: at(backoff, (details: BackoffDetails) => `${who(details)}: attempt ${details.tries} failed, next in ${Math.round(details.wait)} ms: ${what(details)}`),
    onGiveup: at(giveup, (details: GiveupDetails) => `${who(details)}: gave up after ${attempts(details)} (${details.end}): ${what(details)}`),
    onAbort: at(abort, (details: AbortDetails) => `${who(details)}: cut off after ${attempts(details)}: ${onOneLine(thrownInShort(details.reason), 300)}`),
    onSuccess: onSuccess && ((details: SuccessDetails) => details.tries > 1 && onSuccess(details)),
  }
  // A hook that is there and does nothing would still have its record built.
  return { timeless: true, ...(Object.fromEntries(Object.entries(hooks).filter(([, hook]) => hook)) as Plugin) }
}
