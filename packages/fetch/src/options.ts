import type { Details, Options } from '@backon/core'
import { answer, checkOptions, invalid, listOf, nonNegative, prepared } from '@backon/core/kit'
import { isRepeatable, letGoAfter } from './attempt.ts'
import { ResponseError } from './error.ts'
import { codeRules } from './network.ts'
import { statusRules } from './statuses.ts'
import type { Settings } from './settings.ts'
import type { CallOptions, Rule } from './types.ts'
import { asAsked, growing } from './wait.ts'

const rules = ['always', 'idempotent', 'key', 'never'] satisfies Rule[]

/** An `exception` for `retry`: an error is one of them when it was judged to be. Core takes what has a prototype for a class. */
const Repeatable: any = /* @__PURE__ */ Object.defineProperty(function () {}, Symbol.hasInstance, { value: isRepeatable })

/** Checks every option; throws for unusable ones. */
export const settingsOf = (options: CallOptions, perCall = false): Settings => {
  if (!options || typeof options !== 'object') invalid(perCall ? 'retry' : 'options', 'an object', options)
  const {
    fetch, timeout, idle = Infinity, maxRetryAfter = 60_000, idempotent, idempotencyKey, attemptHeader, statuses, errors, use, signal, name, maxTime,
    wait = growing, exception, predicate, condition, onBackoff, retryErrorCallback, raiseOnGiveup, ...rest
  } = options
  const kinds = { fetch: 'function', use: 'function or object', idempotent: 'boolean or function', idempotencyKey: `boolean or function${perCall ? ' or string' : ''}`, attemptHeader: 'string' }
  for (const [name, allowed] of Object.entries(kinds)) {
    const value = options[name as keyof typeof kinds]
    if (value !== undefined && !allowed.includes(typeof value)) invalid(name, `a ${allowed}`, value)
  }
  // Throws for what cannot be the name of a header.
  if (attemptHeader !== undefined) new Headers([[attemptHeader, '']])
  nonNegative({ timeout: timeout ?? 0, idle, maxRetryAfter })
  for (const table of [statuses, errors])
    for (const [row, rule] of Object.entries(table ?? {})) if (!rules.includes(rule)) invalid(row, rules.join(', '), rule)
  if ((retryErrorCallback ?? raiseOnGiveup) !== undefined) throw new TypeError('retryErrorCallback and raiseOnGiveup are not taken: catch what fetch throws')
  const given: Options<Response> = { ...rest, use: typeof use === 'function' ? undefined : use, wait, exception, predicate, condition, onBackoff, signal, name, maxTime }
  checkOptions(given)
  const base: Options<Response> = {
    ...rest,
    wait: asAsked(wait, maxRetryAfter),
    ...(condition ? { condition: (details: Details<Response>) => isRepeatable(details.exception) && answer('condition', condition(details)) } : { exception: Repeatable }),
    // After the caller's handlers, who may want to read the answer.
    onBackoff: [...listOf(onBackoff ?? []), letGoAfter],
  }
  return {
    fetch, timeout, idle, idempotent, idempotencyKey, attemptHeader, use, signal, name, maxTime, base,
    statuses: statuses ? { ...statusRules, ...statuses } : statusRules,
    errors: errors ? { ...codeRules, ...errors } : codeRules,
    narrow: (error) =>
      (!predicate || !(error instanceof ResponseError) || answer('predicate', predicate(error.response))) && (!exception || listOf(exception).some((type) => error instanceof type)),
    run: prepared(typeof use === 'function' || typeof maxTime === 'function' ? base : { ...base, use, maxTime }),
  }
}
