import type { Details } from '@backon/core'
import { coded, ruleOf } from './network.ts'

/** Codes that say something about the program, not about the service. */
const ours = /^(?:UND_)?ERR_(?:INVALID|NOT_SUPPORTED|ABORTED|CLOSED|DESTROYED)/

/**
 * Judges an outcome for a circuit breaker or a hedge: 5xx, network errors and timeouts are failures; any other answer is a success, as the service answers (a 404 closes a
 * half-open circuit); 408, 429, aborts, refusals and mistakes of the program say nothing.
 *
 * @example
 * new CircuitBreakers({ isFailure: isHttpFailure })
 */
export const isHttpFailure = (details: Pick<Details<any>, 'value' | 'exception'>): boolean | 'ignore' => {
  const exception: any = details.exception
  const status = ('exception' in details ? exception?.response : details.value)?.status
  if (typeof status === 'number') return status === 408 || status === 429 ? 'ignore' : status >= 500
  if (!('exception' in details)) return false
  return exception?.refused || exception?.name === 'AbortError' || !ruleOf(exception) || ours.test(coded(exception)?.code) ? 'ignore' : true
}
