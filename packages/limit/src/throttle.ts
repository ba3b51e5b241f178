import { type Attempt, clock, emit, type Operation, type Plugin, random } from '@backon/core'
import { announce, check, checkTarget, isThenable, type Level, nonNegative, optionsOf } from '@backon/core/kit'
import { aboveZero, finite, within } from './bounds.ts'
import { ThrottledError } from './errors.ts'
import type { ThrottleHooks } from './hooks.ts'
import { type Answer, overloadByStatus } from './overload.ts'
import { read } from './read.ts'

/** When to refuse. Every part is optional. */
export interface ThrottleOptions extends ThrottleHooks {
  /** How many requests there may be for one that the service accepts: lower refuses earlier. A number of 1 or more. Default 2. */
  k?: number | undefined
  /** How far back it looks, in ms. Above 0. Default 120,000. */
  window?: number | undefined
  /** With fewer requests than that in the window it refuses none. 0 or more. Default 10. */
  minRequests?: number | undefined
  /** The largest share of calls that it refuses, so that it learns when the service is back. 0 to 1. Default 0.9. */
  max?: number | undefined
  /**
   * Whether an outcome says that the service did not accept the request. Default: the status 429 or 503 of a value or an error, and an error
   * without a status, which is no answer at all.
   */
  isOverload?: ((answer: Answer) => boolean) | undefined
  /** Stands in errors, events and levels. Default `''`. */
  name?: string | undefined
}

const isRefusal = (answer: Answer): boolean => overloadByStatus(answer) ?? 'exception' in answer

/** So many parts has a window: a request counts for 90 to 100 % of it. */
const parts = 10

/** What happened in a part of the window. */
interface Part {
  readonly _index: number
  _requests: number
  _accepts: number
}

/** The parts that still count, and the one of this moment. A clock that goes back empties them. */
const look = (throttle: Throttle): Part => {
  const index = Math.floor((clock().now() * parts) / throttle._options.window)
  const all = (throttle._parts = throttle._parts.filter(({ _index }) => _index <= index && _index > index - parts))
  const last = all.at(-1)
  if (last?._index === index) return last
  const part = { _index: index, _requests: 0, _accepts: 0 }
  all.push(part)
  return part
}

/** Adds up what still counts. */
const sums = (throttle: Throttle): { requests: number; accepts: number } => {
  let [requests, accepts] = [0, 0]
  look(throttle)
  for (const part of throttle._parts) {
    requests += part._requests
    accepts += part._accepts
  }
  return { requests, accepts }
}

/** Counts an outcome, unless it says nothing about the service. */
const count = (throttle: Throttle, answer: Answer): void => {
  if (read(answer.exception, 'refused') === true) return
  const isOverload = throttle._options.isOverload(answer)
  const part = look(throttle)
  part._requests++
  if (!isOverload) part._accepts++
}

const run = (throttle: Throttle, operation: () => unknown, attempt?: Attempt): any => {
  const { probability, name } = throttle
  if (probability > 0 && random() < probability) {
    look(throttle)._requests++
    const fact = { throttle: name, probability, call: attempt?.details.call, name: attempt?.details.name }
    emit('onThrottleReject', fact, [throttle._options])
    emit('onThrottleReject', fact, attempt?.plugins)
    throw new ThrottledError(name, probability)
  }
  let open = true
  const end = (answer: Answer): void => {
    // Who has lost interest says nothing about the service. Having waited too long does.
    const isAbort = attempt ? attempt.aborted && read(attempt.reason, 'name') !== 'TimeoutError' : read(answer.exception, 'name') === 'AbortError'
    const counts = open && !isAbort
    open = false
    if (counts) count(throttle, answer)
  }
  const succeed = (value: unknown): unknown => {
    end({ value })
    return value
  }
  const fail = (exception: unknown): never => {
    end({ exception })
    throw exception
  }
  let result: unknown
  // An operation may ignore its signal: what is aborted has its end now.
  attempt?.whenAborted((exception) => end({ exception }))
  try {
    result = operation()
    if (isThenable(result)) return Promise.resolve(result).then(succeed, fail)
  } catch (exception) {
    fail(exception)
  }
  return succeed(result)
}

/**
 * Refuses calls as far as the service does so itself; see `throttle()`, which makes it.
 *
 * @example
 * const share = (users: Throttle) => `${Math.round(users.probability * 100)} % are refused`
 */
export class Throttle implements Plugin {
  /** As given, or `''`. */
  declare readonly name: string
  /** It asks for no times of an attempt. */
  declare readonly timeless: true
  /** @internal */
  declare readonly _options: ThrottleOptions & { readonly k: number; readonly window: number; readonly minRequests: number; readonly max: number; readonly isOverload: (answer: Answer) => boolean }
  /** @internal The oldest first. */
  declare _parts: Part[]

  constructor(options: ThrottleOptions = {}) {
    const { k = 2, window = 120_000, minRequests = 10, max = 0.9, isOverload = isRefusal, name = '' } = optionsOf('throttle', options, ['k', 'window', 'minRequests', 'max', 'isOverload', 'name', 'onThrottleReject'])
    nonNegative({ minRequests })
    within('k', 'a number of 1 or more', k, 1)
    within('window', 'a number of ms above 0', window, aboveZero, finite)
    within('max', 'a number from 0 to 1', max, 0, 1)
    check('string', { name })
    // oxlint-disable-next-line typescript/unbound-method -- looked at, not called
    check('function', { isOverload, onThrottleReject: options.onThrottleReject })
    this.name = name
    this.timeless = true
    this._options = { ...options, k, window, minRequests, max, isOverload }
    this._parts = []
    announce(this)
  }

  /** Requests in the window, those it has refused included. */
  get requests(): number {
    return sums(this).requests
  }

  /** Requests in the window that the service has accepted. */
  get accepts(): number {
    return sums(this).accepts
  }

  /** The share of calls that it refuses at the moment: `(requests - k * accepts) / (requests + 1)`, from 0 to `max`. */
  get probability(): number {
    const { k, minRequests, max } = this._options
    const { requests, accepts } = sums(this)
    return requests < minRequests ? 0 : Math.min(Math.max((requests - k * accepts) / (requests + 1), 0), max)
  }

  /** The plugin: counts each attempt, and refuses some. */
  wrap<T>(next: Operation<T>): Operation<T> {
    return (attempt) => run(this, () => next(attempt), attempt)
  }

  /** Calls `fn(...args)`; rejects with a `ThrottledError` when it is refused, and `fn` is not called. */
  async call<Args extends unknown[], T>(fn: (...args: Args) => T | PromiseLike<T>, ...args: Args): Promise<T> {
    checkTarget(fn, 'fn')
    return run(this, () => fn(...args))
  }

  /** Calls `fn(...args)` and returns what it returns; throws a `ThrottledError` when it is refused. */
  callSync<Args extends unknown[], T>(fn: (...args: Args) => T, ...args: Args): T {
    checkTarget(fn, 'fn')
    return run(this, () => fn(...args))
  }

  /** Where it stands at this moment: for who shows levels. */
  level(): Level {
    const { probability, name } = this
    return { kind: 'throttle', name, values: { ...sums(this), probability }, severity: probability }
  }
}

/**
 * Makes a throttle: it refuses calls at random, the more of them the more the service refuses, so that what it would refuse anyway does not cost it
 * anything. The formula is that of client-side throttling in Site Reliability Engineering (Google, 2016, chapter 21), over the last `window` ms.
 * A plugin, `use: [throttle()]`, in which each attempt counts; or alone, `.call(fn, ...args)`. It has no timers. Throws for an unusable option.
 *
 * @example
 * const users = throttle({ name: 'users' })
 * await retry(load, { use: [users] })
 */
export const throttle = (options?: ThrottleOptions): Throttle => new Throttle(options)
