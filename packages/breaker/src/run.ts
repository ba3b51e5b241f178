import { type Attempt, clock } from '@backon/core'
import { isThenable, property, report } from '@backon/core/kit'
import { ask } from './ask.ts'
import { CircuitOpenError } from './error.ts'
import { admit, release, succeed, type Ticket } from './machine.ts'
import { enqueue, type Probe } from './probes.ts'
import { become, blank, type Breaker, look, retryAfter, tell, trip } from './transitions.ts'

/** Lets a call through as a probe, or refuses it. */
const knock = (breaker: Breaker, attempt: Attempt | undefined): Ticket => {
  const { _state, _cause } = look(breaker, attempt)
  // Whoever was told of a hung probe may have closed it.
  if (breaker._circuit._state === 'closed') return breaker._circuit
  const _began = clock().now()
  const circuit = admit(breaker._circuit, _began, breaker._options.halfOpenMaxCalls)
  if (circuit) {
    const probe: Probe = { _generation: circuit._generation, _began }
    enqueue(breaker._line, probe)
    become(breaker, circuit, attempt)
    return probe
  }
  tell(breaker, 'onCircuitReject', _state, attempt)
  throw new CircuitOpenError(breaker.name, retryAfter(breaker), _cause, _state)
}

/**
 * Whether what was thrown says nothing about the service: another layer has refused the call, or its caller has lost interest.
 * Having waited too long does say something. Alone, a signal says that the caller has left: given bare, in options, or of an attempt.
 */
const isNoEvidence = (breaker: Breaker, error: unknown, args: readonly unknown[], attempt: Attempt | undefined): boolean => {
  if (property(error, 'refused') === true) return true
  if (attempt) return attempt.aborted && property(attempt.reason, 'name') !== 'TimeoutError'
  const name = property(error, 'name')
  const isAbort = name === 'AbortError'
  return (isAbort && !breaker._options.isFailure) || args.some((arg) => {
    // To read the signal of an attempt would make one.
    const source = property(arg, 'aborted') === undefined ? property(arg, 'signal') : arg
    return property(source, 'aborted') === true && (isAbort || (name !== 'TimeoutError' && property(source, 'reason') === error))
  })
}

/** Takes an outcome into account, unless the circuit has changed since the call was let through. */
const settle = (
  breaker: Breaker,
  ticket: Probe | Ticket,
  failed: boolean,
  result: unknown,
  began: number,
  fn: Function,
  args: readonly unknown[],
  attempt: Attempt | undefined,
): void => {
  const { isFailure, successThreshold } = breaker._options
  const isProbe = breaker._circuit._state !== 'closed'
  if (isProbe) look(breaker, attempt)
  if (ticket._generation !== breaker._circuit._generation) return
  if (isProbe) {
    ;(ticket as Probe)._over = true
    breaker._circuit = release(breaker._circuit)
  }
  if (failed && isNoEvidence(breaker, result, args, attempt)) return
  const now = breaker.timeless ? 0 : clock().now()
  const duration = Math.max(now - began, 0)
  let verdict: boolean | 'ignore' = failed
  if (isFailure) {
    verdict = ask('isFailure', () => {
      const facts = attempt?.details
      return isFailure({
        ...blank, call: {}, name: fn.name, target: fn, args, ...facts,
        elapsed: (facts?.elapsed ?? 0) + (facts?.duration === undefined ? duration : 0),
        duration,
        [failed ? 'exception' : 'value']: result,
      })
    }, failed)
    // A filter may act on its breaker.
    if (verdict === 'ignore' || ticket._generation !== breaker._circuit._generation) return
  }
  if (verdict) {
    breaker._cause = result
    breaker._said = clock().now()
  }
  if (isProbe ? verdict || duration > breaker._tally.slowAfter! : breaker._tally.record(!!verdict, now, duration))
    trip(breaker, breaker._cause, attempt)
  else if (isProbe) become(breaker, succeed(breaker._circuit, successThreshold), attempt)
}

/** A rule of the user's own may throw: the call has its outcome already. */
const judge = (...facts: Parameters<typeof settle>): void => {
  try {
    settle(...facts)
  } catch (error) {
    report(error)
  }
}

/** Calls the function, unless it is refused. What it does is told once: when it ends, or when it is aborted before. */
export const run = (breaker: Breaker, fn: Function, args: readonly unknown[], attempt?: Attempt): any => {
  const { _circuit, _inside } = breaker
  // Met once more by a call that it has just let through: they count once, in their outermost place.
  if (_inside && _inside._generation === _circuit._generation) return attempt ? fn(attempt) : fn(...args)

  let ticket: Ticket | undefined = _circuit._state === 'closed' ? _circuit : knock(breaker, attempt)
  let forget: (() => void) | undefined
  const began = breaker.timeless ? 0 : clock().now()
  const end = (failed: boolean, result: unknown): void => {
    const admitted = ticket
    ticket = undefined
    forget?.()
    if (admitted) judge(breaker, admitted, failed, result, began, fn, args, attempt)
  }
  const succeeded = (value: unknown): unknown => {
    end(false, value)
    return value
  }
  const failed = (error: unknown): never => {
    end(true, error)
    throw error
  }
  // An operation may ignore its signal, or never end: what is aborted has to be judged now.
  if (attempt) forget = attempt.whenAborted((reason) => end(true, reason))
  let result: any
  let isPromise: boolean
  breaker._inside = ticket
  try {
    result = attempt ? fn(attempt) : fn(...args)
    breaker._inside = _inside
    isPromise = isThenable(result)
  } catch (error) {
    breaker._inside = _inside
    return failed(error)
  }
  return isPromise ? Promise.resolve(result).then(succeeded, failed) : succeeded(result)
}
