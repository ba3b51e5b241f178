import type { Call } from './call.ts'
import type { Rule } from './types.ts'

/** The call whose failure an error is, if its request may be sent again, else `false`. Beside the errors, not in them: who prints one wants to see an error. */
const failures = /* @__PURE__ */ new WeakMap<object, Call | false>()

/** The call that may go on after this error. */
export const callOf = (error: unknown): Call | false | undefined => failures.get(Object(error))

/** Whether `retry` may go on after this error. A refusal by another layer (a full limit) says that nothing was sent. */
export const isRepeatable = (error: any): boolean => !!(callOf(error) ?? (error?.refused === true && error.retryable !== false))

/** Whether a rule allows to send the request of this call again. */
export const allowed = ({ _facts, _keyed, _oneShot }: Call, rule: Rule | undefined): boolean =>
  !_oneShot && (rule === 'idempotent' ? _facts.idempotent : rule === 'key' ? _keyed : rule === 'always')

/** Notes whether the request may be sent again after this failure. Gives what is to be thrown: the failure, or what the caller's own functions throw about it. */
export const judged = (call: Call, error: unknown, rule: Rule | undefined): unknown => {
  let again = false
  try {
    again = allowed(call, rule) && call._settings.narrow(error)
  } catch (fault) {
    error = fault
  }
  if (!again) call._final = { _error: error }
  failures.set(Object(error), again && call)
  return error
}
