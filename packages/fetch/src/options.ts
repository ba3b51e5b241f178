import type { Details, Options } from '@backon/core'
import { answer, check, checkOptions, copyOf, invalid, listOf, nonNegative, optionNames, optionsOf, prepared } from '@backon/core/kit'
import { letGoAfter } from './body/answers.ts'
import { ResponseError } from './verdict/error.ts'
import { isRepeatable } from './failures.ts'
import type { Settings } from './settings.ts'
import { statusRules } from './verdict/statuses.ts'
import type { CallOptions, Rule } from './types.ts'
import { asAsked, growing } from './wait.ts'

const rules: readonly Rule[] = ['always', 'idempotent', 'key', 'never']

/** An `exception` for `retry`: an error is one of them when it was judged to be. */
const Repeatable: any = class {
  static [Symbol.hasInstance](error: unknown): boolean {
    return isRepeatable(error)
  }
}

/** Checks every option; throws for unusable ones. */
export const settingsOf = (options: CallOptions, perCall = false): Settings => {
  const { fetch, timeout = 0, idle = Infinity, maxRetryAfter = 60_000, idempotent, idempotencyKey, attemptHeader, statuses, errors, use, retryErrorCallback, raiseOnGiveup } =
    optionsOf(perCall ? 'retry' : 'createFetch', options, [
      'timeout', 'fetch', 'idle', 'maxRetryAfter', 'idempotent', 'idempotencyKey', 'attemptHeader', 'statuses', 'errors', ...optionNames,
    ])
  const given = copyOf(options)
  const { wait = growing, exception, predicate, condition, onBackoff, maxTime } = given

  check('function', { fetch })
  check('string', { attemptHeader })
  check('object', { statuses, errors })
  // Throws for what cannot be the name of a header.
  if (attemptHeader) new Headers([[attemptHeader, '']])
  nonNegative({ timeout, idle, maxRetryAfter })
  const flag = (name: string, value: unknown, allowed: string): void => {
    if (value !== undefined && !allowed.includes(typeof value)) invalid(name, `a ${allowed}`, value)
  }
  flag('idempotent', idempotent, 'boolean or function')
  flag('idempotencyKey', idempotencyKey, `boolean or function${perCall ? ' or string' : ''}`)
  for (const [name, table] of Object.entries({ statuses, errors }))
    for (const row in table) if (!rules.includes((table as any)[row])) invalid(`${name}.${row}`, rules.join(', '), (table as any)[row])
  for (const status in statuses) if (!/^[1-9]\d\d$/.test(status)) invalid('statuses', 'a table by status, such as 520', status)
  if ((retryErrorCallback ?? raiseOnGiveup) !== undefined) throw new TypeError('retryErrorCallback and raiseOnGiveup are not taken: catch what fetch throws')
  const plugins = typeof use === 'function' ? undefined : use
  checkOptions<Response>({ ...given, use: plugins })

  const base: Options<Response> = {
    ...given,
    wait: asAsked(wait, maxRetryAfter),
    exception: Repeatable,
    predicate: undefined,
    condition: condition && ((details: Details<Response>) => isRepeatable(details.exception) && condition(details)),
    // After the caller's handlers, who may want to read the answer.
    onBackoff: [onBackoff ?? [], letGoAfter].flat(),
    signal: undefined,
    use: plugins && [...plugins],
  }
  return {
    ...options,
    idle,
    statuses: { ...statusRules, ...statuses },
    errors: { ...errors },
    narrow: (error) =>
      (!predicate || !(error instanceof ResponseError) || answer('predicate', predicate(error.response))) && (!exception || listOf(exception).some((type) => error instanceof type)),
    base,
    run: plugins === use && typeof maxTime !== 'function' ? prepared(base) : undefined,
  }
}
