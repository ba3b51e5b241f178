import { invalid } from './check.ts'
import { findListeners, type Listeners } from './events.ts'
import { fullJitter } from './jitter.ts'
import { realClock, state } from './shared.ts'
import type { Clock, Details, ErrorClass, Forced, Jitter, Options, Plugin, Stop, Wait } from './types.ts'
import { constant } from './wait/constant.ts'
import { expo } from './wait/expo.ts'

/** Options, checked and completed. One policy serves many calls at once: nothing of a call is kept in it. */
export interface Policy {
  readonly _options: Options
  readonly _clock: Clock
  readonly _wait: Wait
  readonly _jitter: Jitter | null
  readonly _exception: readonly ErrorClass[] | undefined
  readonly _predicate: ((value: any) => boolean) | undefined
  readonly _condition: ((details: Details) => boolean) | undefined
  readonly _giveup: Options['giveup']
  readonly _maxTries: number | (() => number)
  readonly _maxTime: number | (() => number)
  readonly _stop: Stop | undefined
  readonly _signal: AbortSignal | undefined
  readonly _sleep: Options['sleep']
  readonly _name: string | undefined
  readonly _callback: ((details: Details) => unknown) | undefined
  readonly _raise: boolean
  /** Process-wide ones first, then those of the options: the first is outermost. */
  readonly _plugins: readonly Plugin[]
  /** The process-wide lists that `_plugins` was made from. */
  readonly _outer: readonly Plugin[]
  readonly _inner: readonly Plugin[]
  readonly _listeners: Listeners | undefined
  /** Whether anything may ask for the time: reading the clock costs half as much as all the rest of a call that succeeds. */
  readonly _timed: boolean
  /** Whether a success has to be looked at: a condition may want it retried, or somebody listens. */
  readonly _judged: boolean
  /** Whether its calls must be able to end at any moment, signal or not. */
  readonly _guarded: boolean
}

const defaultWait = /* @__PURE__ */ expo()
const none: readonly Plugin[] = []

const check = (type: string, name: string, value: unknown): void => {
  if (value !== undefined && typeof value !== type) invalid(name, 'a ' + type, value)
}

export const checkTries = (value: unknown): number =>
  value === Infinity || (Number.isInteger(value) && (value as number) > 0)
    ? (value as number)
    : invalid('maxTries', 'an integer of 1 or more, or Infinity', value)

export const checkTime = (value: unknown): number =>
  typeof value === 'number' && value >= 0 ? value : invalid('maxTime', 'a number of 0 or more', value)

/** Checks every option and completes it with its default. Explicit reads: a loop over names would cost as much as a call. */
export const prepare = (options: Forced, tracked = false): Policy => {
  const {
    wait, jitter = fullJitter, exception, predicate, condition, giveup, maxTries, maxTime, stop, signal, sleep, name,
    use = none, enabled, retryErrorCallback, raiseOnGiveup,
  } = options
  const exceptions = exception && [exception].flat() as readonly ErrorClass[]
  exceptions?.forEach((type) => typeof type === 'function' || invalid('exception', 'an error class or a list of them', type))
  check('function', 'jitter', jitter ?? undefined)
  check('function', 'predicate', predicate)
  check('function', 'condition', condition)
  check('function', 'giveup', giveup)
  check('function', 'stop', stop)
  check('function', 'sleep', sleep)
  check('function', 'retryErrorCallback', retryErrorCallback)
  check('string', 'name', name)
  check('boolean', 'enabled', enabled)
  check('boolean', 'raiseOnGiveup', raiseOnGiveup)
  if (typeof maxTries !== 'function' && maxTries !== undefined) checkTries(maxTries)
  if (typeof maxTime !== 'function' && maxTime !== undefined) checkTime(maxTime)
  if (signal !== undefined && !signal?.addEventListener) invalid('signal', 'an AbortSignal', signal)
  const _wait = wait === undefined ? defaultWait : typeof wait === 'function' ? wait : constant(wait)

  // Turned off: once, with no plugin, no handler and no bound.
  if (enabled === false) return { ...prepare({ signal, name, clock: options.clock, condition: () => false, maxTries: 1 }), _options: options, _plugins: none, _listeners: undefined }
  if (!Array.isArray(use) || use.some((plugin) => typeof plugin !== 'object')) invalid('use', 'a list of plugins', use)
  const { outer, inner } = state()
  const _plugins = outer[0] || inner[0] ? [...outer, ...use, ...inner] : use
  const _listeners =
    _plugins[0] || options.onAttempt || options.before || options.after || options.onSuccess ||
    options.beforeSleep || options.onBackoff || options.onGiveup ? findListeners(options, _plugins) : undefined

  return {
    _options: options, _clock: options.clock ?? realClock, _wait, _jitter: jitter, _exception: exceptions, _predicate: predicate, _condition: condition, _giveup: giveup,
    _maxTries: maxTries ?? (maxTime === undefined && !stop ? 3 : Infinity),
    _maxTime: maxTime ?? Infinity,
    _stop: stop, _signal: signal, _sleep: sleep, _name: name, _callback: retryErrorCallback, _raise: raiseOnGiveup !== false,
    _plugins, _outer: outer, _inner: inner, _listeners,
    _guarded: tracked,
    _timed: tracked || !!(_listeners || condition || stop || maxTime !== undefined || retryErrorCallback || !_wait.timeless || _plugins.some((plugin) => !plugin.timeless)),
    _judged: !!(_listeners || condition || predicate),
  }
}

/** What a call that starts now runs by: the policy, unless something process-wide was forced or has joined since. */
export const current = (policy: Policy): Policy => {
  const { outer, inner, force } = state()
  return force || outer !== policy._outer || inner !== policy._inner ? prepare(force ? force(policy._options) : policy._options, policy._guarded) : policy
}
