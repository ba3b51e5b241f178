import { TimeoutError } from '../errors.ts'
import { arm } from '../time/timer.ts'
import { type Call, type Cutting, record, takeDown } from './call.ts'
import { abort, conclude, fault } from './conclude.ts'
import { decide } from './decide.ts'
import { follow } from './follow.ts'
import { loop } from './loop.ts'
import { never, tell } from './tell.ts'

/**
 * Runs a call that can be cut short, by its sources, its deadline or the scope of its policy: its promise does not wait for the loop.
 * (The loop is started out here, and the promise's own functions are handed on as they are: so the stack of an error shows who called.)
 */
export const cut = (call: Call): Promise<any> => {
  const cutting = cuttingOf(call)
  let resolve: (value: unknown) => void
  const promise = new Promise((settle, reject) => {
    resolve = settle
    cutting._reject = reject
  })
  watch(call, resolve!)
  if (call._phase === 'fresh') void loop(call).then(resolve!, cutting._reject)
  return promise
}

/** Where a call keeps what cuts it short. */
export const cuttingOf = (call: Call): Cutting =>
  (call._cutting ??= { _cut: (reason) => abort(call, reason), _reject: undefined, timer: undefined, _place: 0 })

/** Watches what can cut the call short, until it is released; the clock only where somebody can be given an answer (`resolve`) meanwhile. */
export const watch = (call: Call, resolve?: (value: unknown) => void): void => {
  const { _phase, _policy: { _clock, _maxTime }, _sources, _started } = call
  for (const source of _sources) {
    if (source.aborted) return abort(call, source.reason)
    follow(source, cuttingOf(call))
  }
  if (!resolve || _maxTime === Infinity) return
  const cutting = cuttingOf(call)
  const left = (_maxTime as number) - (_phase === 'fresh' ? 0 : _clock.now() - _started)
  arm(cutting, _clock, Math.max(left, 0), () => {
    if (call._phase !== 'ending') void expire(call).then(resolve, cutting._reject)
  })
}

/** `maxTime` has passed. A running attempt has timed out. Without one the last outcome stands; if it is not a success, it was the last. */
export const expire = async (call: Call): Promise<any> => {
  const { _attempt, _failed, _phase, _policy, _result, _waker, _tries } = call
  _policy._clock.clearTimeout(call.timer)
  try {
    const error = new TimeoutError(
      `${record(call).name || 'the call'} has no result within maxTime, ${_policy._maxTime as number} ms: it was in attempt ${_tries}`,
      _failed ? { cause: _result } : undefined,
    )
    _waker?.abort(error)
    // What is done about the end has its own time.
    call._waker = undefined
    if (_phase === 'judging') {
      const next = decide(call)
      if (call._phase !== 'judging') return never()
      return conclude(call, typeof next === 'string' ? next : 'time')
    }
    if (_phase === 'opening') call._tries--
    if (_phase === 'running' || _failed === undefined) takeDown(call, true, error)
    if (_phase === 'running') {
      _attempt!.abort(error)
      await tell(call, 'after')
    }
    return conclude(call, 'time')
  } catch (error) {
    fault(call, error)
    throw error
  }
}
