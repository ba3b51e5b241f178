import { invalid } from '@backon/core/kit'

/** One answer: a status, optionally with a `Retry-After` header, an ending of another kind, or one of these after a delay in ms. */
export type Step = Answer | `slow ${number}` | `slow ${number} ${Answer}` | '...'
type Answer = 'ok' | 'reset' | 'half' | 'stall' | `${number}` | `${number} retry-after ${string}`

/** A step, read. */
export interface Plan {
  readonly kind: 'status' | 'reset' | 'half' | 'stall'
  readonly status: number
  readonly retryAfter: string | undefined
  readonly delay: number
}

const grammar = /^(?:slow (\d+(?:\.\d+)?)(?: |$))?(?:(ok|reset|half|stall)|([1-5]\d\d)(?: retry-after (.+))?)?$/

/** Reads one step in words. `more` says what else is allowed there, for the message. */
export const readStep = (step: unknown, more: string): Plan => {
  const found = typeof step === 'string' && step !== '' ? grammar.exec(step) : null
  if (!found) invalid('step', `'ok', 'reset', 'half', 'stall', a status such as '503' or '429 retry-after 2', one of these after 'slow 2000', ${more}, or a last '...'`, step)
  const [, delay = '0', word = 'ok', status = '200', retryAfter] = found!
  return { kind: found![3] || word === 'ok' ? 'status' : (word as 'reset'), status: Number(status), retryAfter, delay: Number(delay) }
}

/**
 * Reads a script: each step by `read`, at once, so that a mistake is found before the first run. What comes back gives the step of each run,
 * the first being 1; a last `'...'` repeats the step before it for ever.
 */
export const readScript = <T>(script: readonly unknown[], read: (step: unknown) => T): ((run: number) => T | undefined) => {
  if (!Array.isArray(script)) invalid('script', 'a list of steps', script)
  const endless = script.length > 1 && script.at(-1) === '...'
  const plans = (endless ? script.slice(0, -1) : script).map(read)
  return (run) => plans[endless ? Math.min(run, plans.length) - 1 : run - 1]
}
