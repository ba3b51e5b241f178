import { type Attempt, clock, TimeoutError } from '@backon/core'
import { longest } from '@backon/core/kit'
import type { Call } from '../call.ts'
import { bounded } from './idle.ts'

/** What keeps alive what can end a body that is still being read: the signal that `fetch` holds, and in Bun and Deno, which hold only its inner part, the body itself. */
const kept = /* @__PURE__ */ new WeakMap<object, unknown>()

/** Keeps alive what can still end the body of an answer. */
export const keep = (body: unknown, controller: AbortController, attempt: Attempt, { _maxTime, _signal }: Call): void => {
  if (!_signal && _maxTime === undefined) return
  // The engine goes on following the caller for those whose signal has been asked for.
  const those = [controller, _signal && attempt.signal]
  kept.set(controller.signal, those)
  // Somebody's own fetch may have anything there.
  if (Object(body) === body) kept.set(body as object, those)
}

/** Gives a response with a body out: `maxTime` ends its body though the call is over, and so does too long a silence. */
export const handOut = (response: Response, controller: AbortController, { _deadline, _maxTime, _name, _settings }: Call): Response => {
  const { idle } = _settings
  // An event stream has no end that could come in time.
  if (_maxTime! <= longest && !/^text\/event-stream/i.test(response.headers?.get('content-type') ?? '')) {
    // Weak, as most bodies are read long before.
    const weak = new WeakRef(controller)
    const timer: any = clock().setTimeout(
      // Whoever goes on with bodies that were cut off must not go on with this one.
      () => weak.deref()?.abort(Object.assign(new TimeoutError(`${_name()}: the body was not complete within maxTime, ${_maxTime} ms`), { retryable: false })),
      Math.max(0, _deadline - clock().now()),
    )
    timer?.unref?.()
  }
  return idle <= longest && 'getReader' in response.body! ? bounded(response, idle, _name(), controller) : response
}
