import { invalid } from '../check.ts'
import type { Details, Plugin } from '../types.ts'

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

const show = (value: unknown): string => {
  try {
    return String(value)
  } catch {
    return typeof value
  }
}

/**
 * Logs waits and ends of calls: `log(console)`. A message names the call, the attempt, the outcome and the wait, and
 * never the arguments. Throws when the logger lacks a method for a level that is in use.
 */
export const log = (logger: Logger, levels: LogLevels = {}): Plugin => {
  const { backoff = 'info', giveup = 'error', abort = 'info', success = null } = levels
  const at = (level: keyof Logger | null, message: (details: Details) => string): ((details: Details) => unknown) | undefined => {
    if (level === null) return undefined
    if (typeof logger?.[level] !== 'function') invalid('logger', `an object with a method ${show(level)}`, logger)
    return (details) => logger[level]!(message(details))
  }
  const who = (details: Details): string => details.name || 'anonymous call'
  const what = (details: Details): string => ('exception' in details ? show(details.exception) : `unwanted value ${show(details.value)}`)
  const tries = ({ tries }: Details): string => `${tries} ${tries === 1 ? 'attempt' : 'attempts'}`
  const hooks = {
    onBackoff: at(backoff, (details) => `${who(details)}: attempt ${details.tries} failed, next in ${Math.round(details.wait!)} ms: ${what(details)}`),
    onGiveup: at(giveup, (details) => `${who(details)}: gave up after ${tries(details)}: ${what(details)}`),
    onAbort: at(abort, (details) => `${who(details)}: cut off after ${tries(details)}: ${what(details)}`),
    onSuccess: at(success, (details) => `${who(details)}: succeeded after ${tries(details)}`),
  }
  const { onSuccess } = hooks
  return {
    timeless: true,
    ...(Object.fromEntries(Object.entries(hooks).filter(([, hook]) => hook)) as Plugin),
    ...(onSuccess && { onSuccess: (details: Details) => details.tries > 1 && onSuccess(details) }),
  }
}
