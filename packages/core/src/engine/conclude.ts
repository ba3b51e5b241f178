import { isThenable } from '../thenable.ts'
import { type Call, now, record } from './call.ts'
import { property, type Verdict } from './decide.ts'
import { unfollow } from './follow.ts'
import { tellHandlers, tellPlugins } from './tell.ts'

/**
 * The end of a call: it is told, and the caller gets an answer; a promise only when there is something to wait for. Plugins are told first:
 * a handler of the caller that throws or hangs changes what the caller gets, not how the call has ended.
 */
export const conclude = (call: Call, verdict: Verdict): unknown => {
  const event = verdict === 'success' ? 'onSuccess' : 'onGiveup'
  call._phase = 'ending'
  call._ending = { _end: verdict === 'fatal' && property(call._result, 'refused') === true ? 'refused' : verdict, _reason: undefined }
  call._wait = undefined
  let later = false
  try {
    tellPlugins(call, event)
    const told = tellHandlers(call, event)
    const last: any = told ? unlessAborted(call, told, () => undefined).then(() => answer(call, verdict)) : answer(call, verdict)
    later = !call._refuse && isThenable(last)
    return later ? last.finally(() => finish(call)) : last
  } finally {
    if (!later) finish(call)
  }
}

/** What the caller gets. Only an outcome that would have been retried can be replaced. */
const answer = (call: Call, verdict: Verdict): unknown => {
  const { _raises, _rules: { retryErrorCallback } } = call._policy
  const givenUp = verdict !== 'success' && verdict !== 'fatal'
  if (givenUp && retryErrorCallback) {
    const instead = retryErrorCallback(record(call))
    return isThenable(instead) ? unlessAborted(call, instead, (reason) => Promise.reject(reason)) : instead
  }
  if (!call._failed) return call._result
  if (givenUp && _raises === false) return undefined
  throw call._result
}

/** Waits for what the caller does about the end. Whoever aborts meanwhile changes nothing about that end, but waits no longer. */
const unlessAborted = async (call: Call, work: PromiseLike<unknown>, aborted: (reason: unknown) => unknown): Promise<unknown> => {
  if (!call._cutting) return work
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
  call._attempt = undefined
  call._policy._clock.clearTimeout(call.timer)
  if (call._cutting) release(call)
  call._policy._tracker?._closed(call)
}

/** Takes back what `watch` has set up. */
export const release = ({ _cutting, _policy, _sources }: Call): void => {
  _policy._clock.clearTimeout(_cutting!.timer)
  for (const source of _sources) unfollow(source, _cutting!)
}

/** What one of the caller's own functions throws ends the call. What its end throws is none of that. */
export const fault = (call: Call, error: unknown): void => {
  if (call._phase !== 'ending') abort(call, error)
}

/** Cuts a call short, whatever it is doing; an end that is being told stands. */
export const abort = (call: Call, reason: unknown): void => {
  const { _attempt, _cutting, _phase, _waker } = call
  if (_phase === 'over') return
  if (_phase === 'ending') return (call._waker ??= new AbortController()).abort(reason)
  const elapsed = now(call._policy) - call._started
  if (_phase === 'opening') call._tries--
  if (_phase === 'running') call._duration = elapsed - call._elapsed
  call._elapsed = elapsed
  call._wait = undefined
  call._ending = { _end: 'abort', _reason: reason }
  finish(call)
  _cutting?._reject?.(reason)
  // An attempt that has failed is over: what it has left behind is nobody's to abort, see `abortLeftovers`.
  if (_phase !== 'judging' || !call._failed) _attempt?.abort(reason)
  _attempt?._before?.abort(reason)
  _waker?.abort(reason)
  if (_phase !== 'fresh') tellPlugins(call, 'onAbort')
}
