import { atLeastZero, invalid } from './check.ts'
import { findListeners, type Listeners } from './events.ts'
import { fullJitter } from './jitter.ts'
import { realClock, state } from './shared.ts'
import type { Clock, Details, ErrorClass, Forced, Jitter, Options, Plugin, Stop, Wait } from './types.ts'
import { expo } from './wait/expo.ts'

/** What a policy tells about its calls, one by one. */
export interface Tracker {
  readonly _opened: (call: any) => void
  readonly _closed: (call: any) => void
}

/** Options, checked and completed. One policy serves many calls at once: nothing of a call is kept in it. */
export interface Policy {
  readonly _options: Options
  /** The state of the process that it was made from. */
  readonly _version: number
  readonly _tracker: Tracker | undefined
  readonly _clock: Clock
  readonly _wait: Wait | number | readonly number[]
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
  readonly _listeners: Listeners | undefined
  /** Whether anything may ask for the time: reading the clock costs as much as all the rest of a call that succeeds. */
  readonly _timed: boolean
  /** Nobody watches its calls and nothing can cut them short. */
  readonly _plain: boolean
}

/** A policy as one call runs by it: its bounds are numbers. */
export interface Settled extends Policy {
  readonly _maxTries: number
  readonly _maxTime: number
}

const defaultWait = /* @__PURE__ */ expo()

const check = (type: string, values: Record<string, unknown>): void => {
  for (const name in values) if (values[name] != null && typeof values[name] !== type) invalid(name, 'a ' + type, values[name])
}

export const checkTries = (value: unknown): number =>
  value === Infinity || (Number.isInteger(value) && (value as number) > 0)
    ? (value as number)
    : invalid('maxTries', 'an integer of 1 or more, or Infinity', value)

/**
 * Checks every option and completes it with its default. Reads are explicit, and the rarer options are gone through only when
 * there is one: a loop over names would cost as much as a whole call.
 */
export const prepare = (options: Forced, tracker?: Tracker): Policy => {
  const {
    wait, jitter = fullJitter, exception, predicate, condition, giveup, maxTries, maxTime, stop, signal, sleep, name, use,
    enabled, retryErrorCallback, raiseOnGiveup, clock = realClock, onAttempt, before, after, onSuccess, beforeSleep, onBackoff, onGiveup,
  } = options
  const { outer, inner, version } = state()
  const exceptions = exception == null ? undefined : Array.isArray(exception) ? [...exception] : [exception]
  exceptions?.forEach((type) => check('function', { exception: type ?? 0 }))
  if (typeof maxTries !== 'function' && maxTries !== undefined) checkTries(maxTries)
  if (typeof maxTime !== 'function' && maxTime !== undefined) atLeastZero('maxTime', maxTime)
  if (jitter !== fullJitter || (predicate ?? condition ?? giveup ?? stop ?? sleep ?? name ?? enabled ?? retryErrorCallback ?? raiseOnGiveup ?? signal ?? use) != null) {
    check('function', { jitter, predicate, condition, giveup, stop, sleep, retryErrorCallback })
    if (signal != null && signal.aborted === undefined) invalid('signal', 'an AbortSignal', signal)
    check('string', { name })
    check('boolean', { enabled, raiseOnGiveup })
    // Turned off: once, with no plugin, no handler and no bound.
    if (enabled === false) {
      return {
        ...prepare({ signal, name, clock, maxTries: 1, condition: () => false }, tracker),
        _options: options, _plugins: [], _listeners: undefined, _plain: !signal && !tracker,
      }
    }
    if (use != null && !(Array.isArray(use) && use.every((plugin) => plugin && typeof plugin === 'object'))) invalid('use', 'a list of plugins', use)
  }
  const _plugins = use || outer[0] || inner[0] ? [...outer, ...(use ?? []), ...inner] : outer
  const _listeners =
    _plugins[0] || (onAttempt ?? before ?? after ?? onSuccess ?? beforeSleep ?? onBackoff ?? onGiveup) != null ? findListeners(options, _plugins) : undefined
  const _wait =
    wait === undefined ? defaultWait
    : typeof wait === 'function' ? wait
    : Array.isArray(wait) ? wait.map((wait) => atLeastZero('wait', wait))
    : atLeastZero('wait', wait)

  return {
    _options: options, _version: version, _tracker: tracker, _clock: clock,
    _wait, _jitter: jitter, _exception: exceptions, _predicate: predicate, _condition: condition, _giveup: giveup,
    _maxTries: maxTries ?? (maxTime === undefined && !stop ? 3 : Infinity), _maxTime: maxTime ?? Infinity,
    _stop: stop, _signal: signal, _sleep: sleep, _name: name, _callback: retryErrorCallback, _raise: raiseOnGiveup !== false,
    _plugins, _listeners,
    _timed: !!(_listeners || tracker || condition || stop || maxTime !== undefined || retryErrorCallback ||
      (typeof _wait === 'function' && !_wait.timeless) || _plugins.some((plugin) => !plugin.timeless)),
    _plain: !(_listeners || tracker || signal || maxTime !== undefined),
  }
}

/** What a call that starts now runs by: the policy, unless something process-wide is forced or has changed since; with its bounds asked for. */
export const current = (policy: Policy): Settled => {
  const { force, version } = state()
  const { _options, _version, _tracker } = policy
  if (force || version !== _version) policy = prepare(force ? force(_options) : _options, _tracker)
  const { _maxTries, _maxTime } = policy
  if (typeof _maxTries === 'function' || typeof _maxTime === 'function') {
    return {
      ...policy,
      _maxTries: typeof _maxTries === 'function' ? checkTries(_maxTries()) : _maxTries,
      _maxTime: typeof _maxTime === 'function' ? atLeastZero('maxTime', _maxTime()) : _maxTime,
    }
  }
  return policy as Settled
}
