import { begin, type Call, type Driver, end, newCall, record } from './call.ts'
import { decide, DONE, GIVE_UP } from './decide.ts'
import { TimeoutError } from './errors.ts'
import { isThenable, type Listeners } from './events.ts'
import { type Policy, prepare } from './policy.ts'
import { arm, disarm } from './timer.ts'
import type { Details, Operation, Options } from './types.ts'

/** Tells everyone who listens to an event, then goes on: at once, unless a handler returns a promise. */
const tell = (call: Call, event: keyof Listeners, details: Details | undefined, next: () => void): void => {
  const listeners = call._policy._listeners?.[event]
  if (!listeners) return next()
  const facts = details ?? record(call)
  let i = 0
  const on = (): void => {
    while (i < listeners.length) {
      const result = listeners[i++]!(facts)
      if (isThenable(result)) return call._driver._follow(call, result, on)
    }
    next()
  }
  on()
}

/** The engine's loop, first half: one more attempt. */
export const attempt = (call: Call): void => {
  begin(call)
  tell(call, 'onAttempt', undefined, () => tell(call, 'before', undefined, () => call._driver._run(call)))
}

/** The engine's loop, second half: what follows the outcome of an attempt. */
export const judge = (call: Call): void => {
  const details = record(call)
  const decided = (): void => {
    call._attempt = undefined
    const wait = decide(call, details)
    if (wait < 0) return tell(call, wait === DONE ? 'onSuccess' : 'onGiveup', details, () => conclude(call, wait === GIVE_UP, details))
    const upcoming = call._policy._listeners && record(call, wait)
    tell(call, 'beforeSleep', upcoming, () =>
      tell(call, 'onBackoff', upcoming, () => {
        call._wait = wait
        call._driver._sleep(call, wait)
      }),
    )
  }
  if (call._attempt) tell(call, 'after', details, decided)
  else decided()
}

const conclude = (call: Call, gaveUp: boolean, details: Details): void => {
  const { _callback, _raise } = call._policy
  call._told = true
  if (gaveUp && _callback) {
    const result = _callback(details)
    if (isThenable(result)) call._driver._follow(call, result, (value) => finish(call, false, value))
    else finish(call, false, result)
  } else if (gaveUp && call._failed && !_raise) finish(call, false, undefined)
  else finish(call, call._failed, call._result)
}

export const finish = (call: Call, failed: boolean, result: unknown): void => {
  call._turn = Infinity
  call._attempt = undefined
  disarm(call)
  call._release?.()
  ;(failed ? call._reject : call._resolve)!(result)
}

/** Cuts a call short, whatever it is doing. */
export const abort = (call: Call, reason: unknown): void => {
  if (call._turn === Infinity) return
  const { _attempt } = call
  end(call, true, reason)
  finish(call, true, reason)
  _attempt?.abort(reason)
  if (call._tries && !call._told) call._policy._listeners?.onAbort?.forEach((listener) => listener(record(call)))
}

/** Goes on with a call; an error in one of the caller's own callbacks ends it. */
export const go = (call: Call, step: (call: Call) => void): void => {
  try {
    step(call)
  } catch (error) {
    abort(call, error)
  }
}

/** `maxTime` has passed: a running attempt has timed out; without one the last outcome stands. Either way it is the last. */
const expire = (call: Call): void => {
  const { _attempt } = call
  call._expired = true
  call._turn++
  disarm(call)
  if (_attempt && call._ended === undefined) {
    const error = new TimeoutError(`no result within maxTime, ${call._maxTime} ms`, { cause: call._result })
    end(call, true, error)
    _attempt.abort(error)
  }
  if (call._turn < Infinity) go(call, judge)
}

/** Watches the caller's signal and, with `timed`, the clock, until the call releases them. */
export const guard = (call: Call, timed: boolean): void => {
  const { _signal } = call._policy
  const onabort = (): void => abort(call, _signal!.reason)
  const deadline = { _clock: call._clock, _timer: undefined }
  if (_signal?.aborted) return onabort()
  call._release = () => {
    disarm(deadline)
    _signal?.removeEventListener('abort', onabort)
  }
  _signal?.addEventListener('abort', onabort)
  if (timed && call._maxTime < Infinity) {
    const left = call._tries ? call._maxTime - (call._clock.now() - call._started) : call._maxTime
    arm(deadline, Math.max(left, 0), () => expire(call))
  }
}

/** Calls the operation. Whatever it does comes back as a promise: sync and async ones meet the same order of events. */
export const invoke = (call: Call): Promise<unknown> => {
  try {
    return Promise.resolve(call._operation(call._attempt!))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Hears the outcome of the attempt under way. */
export const settle = (call: Call, failed: boolean, result: unknown): void => {
  end(call, failed, result)
  // A success that nobody judges or watches needs no loop to be one.
  if (failed || call._policy._judged) go(call, judge)
  else finish(call, false, result)
}

/** Carries calls on with promises and timers. */
export const driver: Driver = {
  _run(call) {
    const { _attempt } = call
    const settled = (failed: boolean, result: unknown): void => {
      if (_attempt === call._attempt && call._ended === undefined) settle(call, failed, result)
    }
    invoke(call).then((value) => settled(false, value), (error) => settled(true, error))
  },
  _sleep(call, wait) {
    const { _sleep, _signal } = call._policy
    if (_sleep) driver._follow(call, _sleep(wait, _signal) as PromiseLike<unknown>, () => attempt(call))
    // Without a wait there is no need for a timer, but I/O and other timers must get their turn now and then.
    else if (wait > 0 || call._tries % 64 === 0) arm(call, wait, () => go(call, attempt))
    else attempt(call)
  },
  _follow(call, promise, next) {
    const { _turn } = call
    Promise.resolve(promise).then(
      (value) => _turn === call._turn && go(call, () => next(value)),
      (error) => _turn === call._turn && abort(call, error),
    )
  },
}

/** What a promise handler returns to stay pending: it hands over its own promise's ends, so that no second one is made. */
const carryOn = (call: Call, failed: boolean, result: unknown): PromiseLike<any> => ({
  then(resolve, reject): any {
    call._resolve = resolve as any
    call._reject = reject as any
    settle(call, failed, result)
  },
})

/** Starts a call of the asynchronous kind. */
export const start = (call: Call): Promise<any> => {
  const { _signal, _listeners, _judged, _guarded } = call._policy
  if (!_signal && !_listeners && call._maxTime === Infinity && !_guarded) {
    // Nobody watches, nothing can cut it short: chain on the operation's own promise.
    begin(call)
    return invoke(call).then(_judged ? (value) => carryOn(call, false, value) : undefined, (error) => carryOn(call, true, error))
  }
  return new Promise((resolve, reject) => {
    call._resolve = resolve
    call._reject = reject
    guard(call, true)
    if (call._turn < Infinity) go(call, attempt)
  })
}

/** Runs by options that have been checked. */
export const run = (policy: Policy, operation: Operation<any>, target: Function = operation, args?: readonly unknown[]): Promise<any> => {
  try {
    return start(newCall(driver, policy, operation, target, args))
  } catch (error) {
    return Promise.reject(error)
  }
}

/**
 * Calls an operation until it succeeds or its options say that it is enough: by default three times, with exponential
 * waits and full jitter. Resolves with the operation's value; rejects with the very error of the last attempt, with
 * `signal.reason` when the caller aborts, with a TimeoutError when `maxTime` passes during an attempt, and with a
 * TypeError or RangeError for unusable options. The operation receives the attempt: pass `attempt.signal` on.
 */
export const retry = <T>(operation: Operation<T>, options: Options<Awaited<T>> = {}): Promise<Awaited<T>> => {
  try {
    return run(prepare(options), operation)
  } catch (error) {
    return Promise.reject(error)
  }
}
