import { isThenable } from '../thenable.ts'
import { type Call, now, record } from './call.ts'
import { property, type Verdict } from './decide.ts'
import { tell, tellPlugins } from './tell.ts'

/** The end of a call: it is told, and the caller gets an answer. A promise only when there is something to wait for. */
export const conclude = (call: Call, verdict: Verdict): unknown => {
  const event = verdict === 'success' ? 'onSuccess' : 'onGiveup'
  call._phase = 'ending'
  call._end = verdict === 'fatal' && property(call._result, 'refused') === true ? 'refused' : verdict
  call._wait = undefined
  // A handler of the caller that throws changes what the caller gets, not how the call has ended.
  const failed = (error: unknown): never => {
    tellPlugins(call, event)
    throw error
  }
  let told
  try {
    told = tell(call, event)
  } catch (error) {
    failed(error)
  }
  if (!told) return answer(call, verdict)
  return unlessAborted(call, told.then(undefined, failed), () => void tellPlugins(call, event)).then(() => answer(call, verdict))
}

/** What the caller gets. Only an outcome that would have been retried can be replaced. */
const answer = (call: Call, verdict: Verdict): unknown => {
  const { retryErrorCallback, raiseOnGiveup } = call._policy._rules
  const givenUp = verdict !== 'success' && verdict !== 'fatal'
  if (givenUp && retryErrorCallback) {
    const instead = retryErrorCallback(record(call))
    return isThenable(instead) ? unlessAborted(call, instead, (reason) => Promise.reject(reason)) : instead
  }
  if (!call._failed) return call._result
  if (givenUp && raiseOnGiveup === false) return undefined
  throw call._result
}

/** Waits for what the caller does about the end. Whoever aborts meanwhile changes nothing about that end, but waits no longer. */
const unlessAborted = async (call: Call, work: PromiseLike<unknown>, aborted: (reason: unknown) => unknown): Promise<unknown> => {
  if (!call._reject) return work
  const { signal } = (call._waker ??= new AbortController())
  return new Promise((resolve, reject) => {
    const hurry = (): void => resolve(aborted(signal.reason))
    if (signal.aborted) hurry()
    else signal.addEventListener('abort', hurry)
    work.then(resolve, reject)
  })
}

/** Nothing of the call is left behind: no timer, no listener. */
export const finish = (call: Call): void => {
  if (call._phase === 'over') return
  call._phase = 'over'
  call._attempt = call._leftover = undefined
  call._policy._clock.clearTimeout(call._timer)
  call._release?.()
  call._policy._tracker?._closed(call)
}

/** What one of the caller's own functions throws ends the call. What its end throws is none of that. */
export const fault = (call: Call, error: unknown): void => {
  if (call._phase !== 'ending') abort(call, error)
}

/** Cuts a call short, whatever it is doing; an end that is being told stands. */
export const abort = (call: Call, reason: unknown): void => {
  const { _attempt, _phase, _policy, _waker } = call
  if (_phase === 'over') return
  if (_phase === 'ending') return _waker?.abort(reason)
  if (_phase === 'opening') call._tries--
  const ended = now(_policy)
  if (_phase === 'running') call._duration = ended - call._began
  call._elapsed = ended - call._started
  call._wait = undefined
  call._end = 'abort'
  call._reason = reason
  finish(call)
  call._reject?.(reason)
  _attempt?.abort(reason)
  _waker?.abort(reason)
  if (_phase !== 'fresh') tellPlugins(call, 'onAbort')
}
