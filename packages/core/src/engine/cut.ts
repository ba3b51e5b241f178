import { TimeoutError } from '../errors.ts'
import { arm } from '../time/timer.ts'
import { type Call, record, takeDown } from './call.ts'
import { abort, conclude, fault, finish } from './conclude.ts'
import { decide } from './decide.ts'
import { follow } from './follow.ts'
import { loop } from './loop.ts'
import { tell } from './tell.ts'

/**
 * Runs a call that can be cut short, by its sources, its deadline or the scope of its policy: its promise does not wait for the loop.
 * (The loop is started out here, and the promise's own functions are handed on as they are: so the stack of an error shows who called.)
 */
export const cut = (call: Call): Promise<any> => {
  let resolve: (value: unknown) => void
  const promise = new Promise((settle, reject) => {
    resolve = settle
    call._reject = reject
  })
  watch(call, () => void expire(call).then(resolve, call._reject))
  if (call._phase === 'fresh') loop(call).then(resolve!, call._reject)
  return promise
}

/** Watches what can cut the call short, until it is over or released; the clock only with somebody who is told when it is `late`. */
export const watch = (call: Call, late?: () => void): void => {
  const { _maxTime, _phase, _policy: { _clock }, _sources, _started } = call
  const bounded = late && _maxTime < Infinity
  if (!bounded && !_sources[0]) return
  const aborted = _sources.find((source) => source.aborted)
  if (aborted) return abort(call, aborted.reason)
  const undos = _sources.map((source) => follow(source, (reason) => abort(call, reason)))
  const deadline = { _timer: undefined }
  call._release = () => {
    call._release = undefined
    _clock.clearTimeout(deadline._timer)
    for (const undo of undos) undo()
  }
  if (bounded) arm(deadline, _clock, _phase === 'fresh' ? _maxTime : Math.max(_maxTime - _clock.now() + _started, 0), () => call._phase !== 'ending' && late())
}

/** `maxTime` has passed. A running attempt has timed out. Without one the last outcome stands; if it is not a success, it was the last. */
export const expire = async (call: Call): Promise<any> => {
  const { _attempt, _duration, _failed, _maxTime, _phase, _policy, _result, _waker, _tries } = call
  _policy._clock.clearTimeout(call._timer)
  try {
    const error = new TimeoutError(
      `${record(call).name || 'the call'} has no result within maxTime, ${_maxTime} ms: it was in attempt ${_tries}`,
      _duration !== undefined && _failed ? { cause: _result } : undefined,
    )
    _waker?.abort(error)
    if (_phase === 'judging') {
      const next = decide(call)
      return await conclude(call, typeof next === 'string' ? next : 'time')
    }
    if (_phase === 'opening') call._tries--
    if (_phase === 'running' || _duration === undefined) takeDown(call, true, error)
    if (_phase === 'running') {
      _attempt!.abort(error)
      await tell(call, 'after')
    }
    return await conclude(call, 'time')
  } catch (error) {
    fault(call, error)
    throw error
  } finally {
    finish(call)
  }
}
