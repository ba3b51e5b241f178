import { CallAttempt } from './attempt.ts'
import { begin, type Call, checkTarget, type Driver, end, newCall, record, wrap } from './call.ts'
import { decide, DONE, GIVE_UP } from './decide.ts'
import { TimeoutError } from './errors.ts'
import { isThenable, type Listeners } from './events.ts'
import { current, type Policy, prepare, type Settled } from './policy.ts'
import { arm } from './timer.ts'
import type { Details, Operation, Options } from './types.ts'

/** Tells everyone who listens to an event, then goes on: at once, unless a handler returns a promise. */
const tell = (call: Call, event: keyof Listeners, details: Details | undefined, next: (call: Call) => void): void => {
  const listeners = call._policy._listeners?.[event]
  let i = 0
  if (!listeners) return next(call)
  details ??= record(call)
  const on = (): void => {
    while (i < listeners.length) {
      const result = listeners[i++]!(details)
      if (isThenable(result)) return call._driver._follow(call, result, on)
      if (call._turn === Infinity) return
    }
    next(call)
  }
  on()
}

/** The engine's loop, first half: one more attempt. */
export const attempt = (call: Call): void => {
  begin(call)
  tell(call, 'onAttempt', undefined, toldAttempt)
}
const toldAttempt = (call: Call): void => tell(call, 'before', undefined, call._driver._run)

/** The engine's loop, second half: what follows the outcome of an attempt. */
export const judge = (call: Call): void => {
  const details = record(call)
  const decided = (): void => {
    call._attempt = undefined
    const wait = decide(call, details)
    // Any of the caller's callbacks may have aborted the call.
    if (call._turn === Infinity) return
    // Who is told of the end is not cut off by a deadline.
    call._expired = wait < 0
    if (wait < 0) return tell(call, wait === DONE ? 'onSuccess' : 'onGiveup', details, () => conclude(call, wait, details))
    const sleep = (): void => {
      call._wait = wait
      call._driver._sleep(call, wait)
    }
    if (!call._policy._listeners) return sleep()
    const upcoming = record(call, wait)
    tell(call, 'beforeSleep', upcoming, () => tell(call, 'onBackoff', upcoming, sleep))
  }
  if (call._attempt) tell(call, 'after', details, decided)
  else decided()
}

const conclude = (call: Call, why: number, details: Details): void => {
  const { _callback, _raise } = call._policy
  call._told = true
  if (why === GIVE_UP && _callback) {
    const result = _callback(details)
    if (isThenable(result)) call._driver._follow(call, result, (value) => finish(call, false, value))
    else finish(call, false, result)
  } else if (why === GIVE_UP && call._failed && !_raise) finish(call, false, undefined)
  else finish(call, call._failed, call._result)
}

export const finish = (call: Call, failed: boolean, result: unknown): void => {
  if (call._turn === Infinity) return
  call._turn = Infinity
  call._attempt = undefined
  call._policy._clock.clearTimeout(call._timer)
  call._release?.()
  call._policy._tracker?._closed(call)
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
  if (call._expired) return
  call._expired = true
  call._turn++
  call._policy._clock.clearTimeout(call._timer)
  if (_attempt && call._ended === undefined) {
    const error = new TimeoutError(`no result within maxTime, ${call._policy._maxTime} ms`, { cause: call._result })
    end(call, true, error)
    _attempt.abort(error)
  } else call._attempt = undefined
  if (call._turn < Infinity) go(call, judge)
}

/** Watches the caller's signal and, with `timed`, the clock, until the call releases them. */
export const guard = (call: Call, timed: boolean): void => {
  const { _signal, _maxTime, _clock } = call._policy
  const left = timed ? _maxTime - (call._tries && _clock.now() - call._started) : Infinity
  if (!_signal && left === Infinity) return
  const onabort = (): void => abort(call, _signal!.reason)
  if (_signal?.aborted) return onabort()
  const deadline = { _timer: undefined }
  call._release = () => {
    _clock.clearTimeout(deadline._timer)
    _signal?.removeEventListener('abort', onabort)
  }
  _signal?.addEventListener('abort', onabort)
  if (left < Infinity) arm(deadline, _clock, Math.max(left, 0), () => expire(call))
}

/** Calls an operation. Whatever it does comes back as a promise: sync and async ones meet the same order of events. */
export const invoke = (operation: Operation<any>, attempt: CallAttempt): Promise<any> => {
  try {
    return Promise.resolve(operation(attempt))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Takes down an outcome and goes on with it, unless the call has gone on without it. */
const settle = (call: Call, attempt: CallAttempt | undefined, failed: boolean, result: unknown): void => {
  if (attempt !== call._attempt || call._ended !== undefined) return
  const { _listeners, _condition, _predicate } = call._policy
  end(call, failed, result)
  // A success that nobody judges or watches needs no loop to be one.
  if (failed || _listeners || _condition || _predicate) go(call, judge)
  else finish(call, false, result)
}

/** Carries calls on with promises and timers. */
export const driver: Driver = {
  _run(call) {
    const { _attempt } = call
    const work = invoke(call._operation, _attempt!)
    if (call._policy._tracker) call._work = work
    work.then(
      (value) => settle(call, _attempt, false, value),
      (error) => settle(call, _attempt, true, error),
    )
  },
  _sleep(call, wait) {
    const { _sleep, _signal } = call._policy
    if (_sleep) driver._follow(call, _sleep(wait, _signal) as PromiseLike<unknown>, () => attempt(call))
    // Without a wait there is no need for a timer, but I/O and other timers must get their turn now and then.
    else if (wait > 0 || call._tries % 64 === 0) arm(call, call._policy._clock, wait, again)
    else attempt(call)
  },
  _follow(call, promise, next) {
    const { _turn } = call
    Promise.resolve(promise).then(
      (value) => _turn === call._turn && _turn < Infinity && go(call, () => next(value)),
      (error) => _turn === call._turn && abort(call, error),
    )
  },
}
const again = (call: Call): void => go(call, attempt)

/** A call that nobody watches and nothing can cut short: not yet a `Call`, as most of them never need to become one. */
interface PlainCall {
  readonly _policy: Settled
  readonly _operation: Operation<any>
  readonly _target: Function
  readonly _args: readonly unknown[]
  readonly _started: number
  _attempt: CallAttempt | undefined
  _call: Call | undefined
}

/** Makes it a call, with its first attempt under way. */
const grow = (plain: PlainCall): Call => {
  let { _call } = plain
  if (!_call) {
    _call = plain._call = newCall(driver, plain._policy, plain._operation, plain._target, plain._args)
    _call._attempt = plain._attempt
    _call._tries = 1
    _call._began = _call._started = plain._started
  }
  return _call
}

const plainFacts = (plain: PlainCall): Details => record(grow(plain))

/** A thenable is given the ends of the promise it is returned into: the rest of the call needs no second one. */
const carryOn = (plain: PlainCall, failed: boolean, result: unknown): PromiseLike<any> => ({
  then(resolve, reject): any {
    const call = grow(plain)
    call._resolve = resolve as any
    call._reject = reject as any
    settle(call, call._attempt, failed, result)
  },
})

/** Chains a plain call on the operation's own promise: a success is no more than that. */
const startPlain = (policy: Settled, operation: Operation<any>, target: Function, args: readonly unknown[]): Promise<any> => {
  const plain: PlainCall = {
    _policy: policy,
    _operation: wrap(operation, policy),
    _target: target,
    _args: args,
    _started: policy._timed ? policy._clock.now() : 0,
    _attempt: undefined,
    _call: undefined,
  }
  const first = (plain._attempt = new CallAttempt(1, policy._plugins, plain, plainFacts))
  return invoke(plain._operation, first).then(
    policy._condition || policy._predicate ? (value) => carryOn(plain, false, value) : undefined,
    (error) => carryOn(plain, true, error),
  )
}

/** Runs by options that have been checked. */
export const run = (policy: Policy, operation: Operation<any>, target: Function = operation, args: readonly unknown[] = []): Promise<any> => {
  try {
    checkTarget(target)
    const settled = current(policy)
    if (settled._plain) return startPlain(settled, operation, target, args)
    return new Promise((resolve, reject) => {
      const call = newCall(driver, settled, wrap(operation, settled), target, args)
      call._resolve = resolve
      call._reject = reject
      policy._tracker?._opened(call)
      guard(call, true)
      if (call._turn < Infinity) go(call, attempt)
    })
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
