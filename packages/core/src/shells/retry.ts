import { CallAttempt } from '../engine/attempt.ts'
import { BEGIN, begin, type Call, type Driver, end, JUDGE, newCall, now, OVER, record, type Step, wrap } from '../engine/call.ts'
import { decide, GIVE_UP } from '../engine/decide.ts'
import { TimeoutError } from '../errors.ts'
import { isThenable } from '../thenable.ts'
import { current, type Policy, prepare, type Shared } from '../engine/options.ts'
import { checkTarget } from '../engine/target.ts'
import { state } from '../seams/state.ts'
import { arm } from '../time/timer.ts'
import type { Answer, Attempt, Details, Operation, Options } from '../types.ts'

/** After an attempt: goes on with the end that the outcome calls for, or with the wait. */
const judge: Step = (call) => {
  call._attempt = undefined
  const wait = decide(call)
  // Any of the caller's callbacks may have aborted the call.
  if (call._step >= OVER) return
  if (wait < 0) {
    call._step = -wait
    call._wait = undefined
  } else call._wait = wait
}

/** What the caller gets instead of an outcome that was given up on. */
const replace: Step = (call) => {
  const { retryErrorCallback, raiseOnGiveup } = call._policy._options
  if (retryErrorCallback) {
    const result = retryErrorCallback(record(call))
    if (isThenable(result)) return call._driver._follow(call, result, finish)
    finish(call, result)
  } else if (call._failed && raiseOnGiveup === false) finish(call, undefined)
}

const settle: Step = (call) => finish(call, call._result, call._failed)

/** The engine's loop, and its ends. A name is an event: it is told to those who listen, one by one. */
const steps: readonly (string | Step)[] = [
  'onAttempt', 'before', (call) => call._driver._run(call), // 0
  'after', judge, // AFTER, JUDGE
  'beforeSleep', 'onBackoff', (call) => call._driver._sleep(call), // 5
  begin, // BEGIN, and from the top
  'onSuccess', settle, // -DONE
  'onGiveup', settle, // -FATAL
  'after', // EXPIRED
  'onGiveup', replace, settle, // -GIVE_UP
]
/** The time was up while an attempt ran: it was the last. */
const EXPIRED = 13
const LAST = 16

/** Goes on with a call, until it is over or has something to wait for. An error in one of the caller's own callbacks ends it. */
export const go = (call: Call): void => {
  try {
    for (let step; (step = steps[call._step]); ) {
      let result
      if (typeof step === 'string') {
        const listener = call._policy._listeners?.[step]?.[call._listener++]
        if (listener) {
          result = listener(record(call))
          if (isThenable(result)) result = call._driver._follow(call, result, go)
        } else {
          call._listener = 0
          call._step++
        }
      } else {
        call._step++
        result = step(call)
      }
      if (result === call) return
    }
  } catch (error) {
    abort(call, error)
  }
}

/** Ends a call, once. */
export const finish = (call: Call, result: unknown, failed = false): void => {
  if (call._step === OVER) return
  call._step = OVER
  call._turn++
  call._attempt = undefined
  call._policy._clock.clearTimeout(call._timer)
  call._release?.()
  call._policy._tracker?._closed(call)
  ;(failed ? call._reject : call._resolve)!(result)
}

/** Cuts a call short, whatever it is doing. Who has been told of its end is not told of another. */
export const abort = (call: Call, reason: unknown): void => {
  const { _attempt, _step } = call
  if (_step === OVER) return
  if (call._tries) end(call, reason, true)
  finish(call, reason, true)
  _attempt?.abort(reason)
  if (_step < LAST && call._tries) call._policy._listeners?.['onAbort']?.forEach((listener) => listener(record(call)))
}

/**
 * `maxTime` has passed. A running attempt has timed out; without one the outcome stands, and if it is not a success it was
 * the last. Who is told of the end is not cut off.
 */
const expire = (call: Call): void => {
  const { _attempt, _maxTime, _policy, _step } = call
  if (_step > BEGIN) return
  call._turn++
  call._listener = call._maxTime = 0
  call._wait = undefined
  _policy._clock.clearTimeout(call._timer)
  if (call._ended === undefined) {
    const error = new TimeoutError(`no result within maxTime, ${_maxTime} ms`, { cause: call._result })
    end(call, error, true)
    call._step = EXPIRED
    _attempt!.abort(error)
  } else call._step = _step < JUDGE && !call._failed ? JUDGE : -GIVE_UP
  go(call)
}

/** Watches the caller's signal and, with `timed`, the clock, until the call releases them. */
export const guard = (call: Call, timed: boolean): void => {
  const { _clock, _options: { signal } } = call._policy
  const left = timed ? call._maxTime - (call._tries && _clock.now() - call._started) : Infinity
  if (!signal && left === Infinity) return
  const onabort = (): void => abort(call, signal!.reason)
  if (signal?.aborted) return onabort()
  const deadline = { _timer: undefined }
  call._release = () => {
    _clock.clearTimeout(deadline._timer)
    signal?.removeEventListener('abort', onabort)
  }
  signal?.addEventListener('abort', onabort)
  if (left < Infinity) arm(deadline, _clock, Math.max(left, 0), () => expire(call))
}

/** Calls a function. Whatever it does comes back as a promise: sync and async ones meet the same order of events. */
export const invoke = <Argument>(operation: (argument: Argument) => unknown, argument: Argument): Promise<any> => {
  try {
    return Promise.resolve(operation(argument))
  } catch (error) {
    return Promise.reject(error)
  }
}

type Next = (call: Call, result: any, failed?: boolean) => void

/** Waits for a promise, and goes on with what comes of it unless the call has gone on without it. */
const follow = (call: Call, promise: Promise<unknown>, next: Next, fail: Next): Call => {
  const turn = ++call._turn
  promise.then(
    (value) => turn === call._turn && next(call, value),
    (error) => turn === call._turn && fail(call, error, true),
  )
  return call
}

/** Takes down an outcome, and goes on with it. */
const goOn: Next = (call, result, failed) => {
  end(call, result, failed)
  // A success that nobody watches or judges needs no loop to be one.
  if (failed || call._policy._watched) go(call)
  else finish(call, result)
}

/** Carries calls on with promises and timers. */
export const driver: Driver = {
  _run(call) {
    const work = invoke(call._operation, call._attempt!)
    if (call._policy._tracker) call._work = work
    return follow(call, work, goOn, goOn)
  },
  _sleep(call) {
    const { _wait, _policy: { _clock, _options: { sleep, signal } } } = call
    if (sleep) return driver._follow(call, sleep(_wait!, signal) as PromiseLike<unknown>, go)
    // Without a wait there is no need for a timer, but I/O and other timers must get their turn now and then.
    if (_wait! > 0 || call._tries % 64 === 0) {
      arm(call, _clock, _wait!, go)
      return call
    }
    return undefined
  },
  _follow: (call, promise, next) => follow(call, Promise.resolve(promise), next, abort),
}

const factsOf = (grow: () => Call): Details => record(grow())

/** Runs by options that have been checked. */
export const run = (policy: Policy, operation: Operation<any>, target: Function = operation, args: readonly unknown[] = []): Promise<any> => {
  checkTarget(target)
  const wrapped = wrap(operation, policy)
  if (policy._plain) {
    // Chained on the operation's own promise: a success is no more than that, and needs no call.
    let call: Call | undefined
    const started = now(policy)
    const grow = (): Call => (call ??= newCall(driver, policy, wrapped, target, args, attempt, started))
    const attempt = new CallAttempt(1, policy._plugins, grow, factsOf)
    return invoke(wrapped, attempt).then(undefined, (error) => ({
      // A thenable is given the ends of the promise it is returned into: the rest of the call needs no second one.
      then(resolve: (value: any) => void, reject: (reason: unknown) => void): void {
        const call = grow()
        call._resolve = resolve
        call._reject = reject
        goOn(call, error, true)
      },
    }))
  }
  return new Promise((resolve, reject) => {
    const call = newCall(driver, policy, wrapped, target, args)
    call._resolve = resolve
    call._reject = reject
    policy._tracker?._opened(call)
    guard(call, true)
    go(call)
  })
}

/** Runs by options that serve many calls. */
export const runShared = (shared: Shared, operation: Operation<any>, target?: Function, args?: readonly unknown[]): Promise<any> => {
  try {
    return run(current(shared), operation, target, args)
  } catch (error) {
    return Promise.reject(error)
  }
}

/**
 * Calls an operation until it succeeds or its options say that it is enough: by default three times, with exponential
 * waits and full jitter. Resolves with the operation's value; rejects with the very error of the last attempt, with
 * `signal.reason` when the caller aborts, with a TimeoutError when `maxTime` passes during an attempt, and with a
 * TypeError or RangeError for unusable options. The operation receives the attempt: pass `attempt.signal` on.
 *
 * @example
 * const user = await retry(async ({ signal }) => (await fetch(url, { signal })).json(), { maxTries: 5, exception: TypeError })
 */
export const retry = <T = unknown, Result = T | PromiseLike<T>, Raises extends boolean = boolean, Instead = any>(
  operation: (attempt: Attempt) => Result,
  options: Options<NoInfer<Awaited<Result>>, Raises, Instead> = {},
): Promise<Answer<Awaited<Result>, Raises, Instead>> =>
  invoke((options: Options) => run(prepare(state().force?.(options) ?? options), operation), options)
