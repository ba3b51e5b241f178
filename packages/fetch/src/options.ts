import { type Details, expo, type Options, retryAfter } from '@backon/core'
import { atLeastZero, check, checkOptions, invalid, isThenable, listOf } from '@backon/core/kit'
import { isRepeatable, letGoAfter } from './attempt.ts'
import { ResponseError } from './error.ts'
import { codeRules } from './network.ts'
import { statusRules } from './statuses.ts'
import type { Settings } from './settings.ts'
import type { CallOptions, Rule } from './types.ts'

const rules: readonly unknown[] = ['always', 'idempotent', 'key', 'never'] satisfies Rule[]

const checkRules = (name: string, table: Record<string, unknown>): void => {
  for (const key in table) if (!rules.includes(table[key])) invalid(`${name}[${key}]`, `'always', 'idempotent', 'key' or 'never'`, table[key])
}

/** An `exception` for `retry`: an error is one of them when it was judged to be. */
const Repeatable: any = /* @__PURE__ */ Object.defineProperty(() => {}, Symbol.hasInstance, { value: isRepeatable })

/** Checks every option; throws for unusable ones. */
export const settingsOf = (options: CallOptions, perCall = false): Settings => {
  check('object', { options: options ?? 0 })
  const {
    fetch, timeout, idle = Infinity, maxRetryAfter = 60_000, idempotent, idempotencyKey, attemptHeader, statuses, errors, use, signal, name, maxTime,
    wait = expo({ factor: 250, maxValue: 20_000 }), exception, predicate, condition, onBackoff, retryErrorCallback, raiseOnGiveup, ...rest
  } = options
  check('function', { fetch })
  if (typeof use !== 'function') check('object', { use })
  if (timeout !== undefined) atLeastZero('timeout', timeout)
  atLeastZero('idle', idle)
  if (typeof idempotent !== 'function') check('boolean', { idempotent })
  if (typeof idempotencyKey === 'string' && !perCall) invalid('idempotencyKey', 'true, or a function, as one key for all calls makes them one; a key itself belongs to a call ({ retry: { idempotencyKey } })', idempotencyKey)
  if (idempotencyKey != null && !/boolean|function|string/.test(typeof idempotencyKey)) invalid('idempotencyKey', 'true, a key or a function that makes one', idempotencyKey)
  if (attemptHeader !== undefined && !/^[\w!#$%&'*+.^`|~-]+$/.test(attemptHeader)) invalid('attemptHeader', 'the name of a header', attemptHeader)
  checkRules('statuses', (statuses ?? {}) as Record<string, unknown>)
  checkRules('errors', errors ?? {})
  for (const [option, value] of Object.entries({ retryErrorCallback, raiseOnGiveup })) {
    if (value !== undefined) throw new TypeError(`${option} is not taken: an answer is returned, and an error is thrown; catch it where fetch is called`)
  }
  const given: Options<Response> = { ...rest, use: typeof use === 'function' ? undefined : use, wait, exception, predicate, condition, onBackoff, signal, name, maxTime }
  checkOptions(given)
  return {
    fetch, timeout, idle, idempotent, idempotencyKey, attemptHeader, use, signal, name, maxTime,
    statuses: statuses ? { ...statusRules, ...statuses } : statusRules,
    errors: errors ? { ...codeRules, ...errors } : codeRules,
    narrow: (error) => {
      const verdict = !predicate || !(error instanceof ResponseError) || predicate(error.response)
      if (isThenable(verdict)) invalid('predicate', 'a function that answers at once', 'a promise')
      return verdict && (!exception || listOf(exception).some((type) => error instanceof type))
    },
    base: {
      ...rest,
      wait: retryAfter({ fallback: wait, max: maxRetryAfter, ...('jitter' in rest && { jitter: rest.jitter }) }),
      ...(condition ? { condition: (details: Details<Response>) => isRepeatable(details.exception) && condition(details) } : { exception: Repeatable }),
      // After the caller's handlers, who may want to read the answer.
      onBackoff: [...listOf(onBackoff ?? []), letGoAfter],
    },
  }
}
