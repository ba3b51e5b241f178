import { atLeastZero, check, invalid, listOf } from '../check.ts'
import { findListeners, type Listeners } from '../seams/events.ts'
import { state } from '../seams/state.ts'
import { realClock } from '../time/clock.ts'
import type { Clock, Forced, Options, Plugin } from '../types.ts'

/** What a policy tells about its calls, one by one. */
export interface Tracker {
  readonly _opened: (call: any) => void
  readonly _closed: (call: any) => void
}

/** Options that have been checked, and what follows from them. One policy serves many calls at once: nothing of a call is kept in it. */
export interface Policy {
  readonly _options: Forced
  readonly _tracker: Tracker | undefined
  readonly _clock: Clock
  readonly _maxTries: number | (() => number)
  readonly _maxTime: Options['maxTime']
  /** Process-wide ones first, then those of the options: the first is outermost. */
  readonly _plugins: readonly Plugin[]
  readonly _listeners: Listeners | undefined
  /** What wants to know of a success, if anything does. */
  readonly _watched: unknown
  /** Whether anything may ask for the time: reading the clock costs as much as all the rest of a call that succeeds. */
  readonly _timed: boolean
  /** Nobody watches its calls and nothing can cut them short. */
  readonly _plain: boolean
}

const ask = (bound: unknown): unknown => (typeof bound === 'function' ? bound() : bound)

/** Takes a bound on the attempts of one call. */
export const triesOf = (maxTries: number | (() => number)): number => {
  const tries: any = ask(maxTries)
  return tries === Infinity || (Number.isInteger(tries) && tries > 0) ? tries : invalid('maxTries', 'an integer of 1 or more, or Infinity', tries)
}

/** Takes a bound on the time of one call. */
export const timeOf = (maxTime: Options['maxTime']): number => (maxTime === undefined ? Infinity : atLeastZero('maxTime', ask(maxTime)))

/**
 * Checks options. Reads are explicit, and the rarer options are gone
 * through only when there is one: a loop over names would cost as much as a whole call.
 */
export const prepare = (options: Forced, tracker?: Tracker): Policy => {
  const {
    wait, exception, maxTime, signal, name, use, enabled, raiseOnGiveup, clock = realClock,
    jitter, predicate, condition, giveup, stop, sleep, retryErrorCallback,
    maxTries = (maxTime ?? stop) == null ? 3 : Infinity,
    onAttempt, before, after, onSuccess, beforeSleep, onBackoff, onGiveup,
  } = options
  const { outer, inner, version } = state()
  if (typeof maxTries !== 'function') triesOf(maxTries)
  if (typeof maxTime !== 'function') timeOf(maxTime)
  if (exception != null) for (const type of listOf(exception)) check('function', { exception: type ?? 0 })
  if (wait !== undefined && typeof wait !== 'function') for (const ms of listOf(wait)) atLeastZero('wait', ms)
  if ((jitter ?? predicate ?? condition ?? giveup ?? stop ?? sleep ?? retryErrorCallback ?? name ?? enabled ?? raiseOnGiveup ?? signal ?? use) != null) {
    check('function', { jitter, predicate, condition, giveup, stop, sleep, retryErrorCallback })
    check('string', { name })
    check('boolean', { enabled, raiseOnGiveup })
    if (signal != null && signal.aborted === undefined) invalid('signal', 'an AbortSignal', signal)
    // Turned off: once, with no plugin, no handler and no bound.
    if (enabled === false) return { ...prepare({ signal, name, clock, maxTries: 1, condition: () => false }, tracker), _plugins: [], _listeners: undefined }
    if (use != null) for (const plugin of Array.isArray(use) ? use : invalid('use', 'a list of plugins', use)) check('object', { use: plugin ?? 0 })
  }
  const _plugins = use || version ? [...outer, ...(use ?? []), ...inner] : outer
  const _listeners =
    _plugins[0] || (onAttempt ?? before ?? after ?? onSuccess ?? beforeSleep ?? onBackoff ?? onGiveup) != null
      ? findListeners({ onAttempt, before, after, onSuccess, beforeSleep, onBackoff, onGiveup, onAbort: undefined }, _plugins)
      : undefined

  const _watched = _listeners ?? predicate ?? condition
  const _plain =
    (_watched ?? tracker ?? signal ?? maxTime ?? stop ?? retryErrorCallback) == null &&
    typeof maxTries !== 'function' && (typeof wait !== 'function' || !!wait.timeless)

  return {
    _options: options, _tracker: tracker, _clock: clock, _maxTries: maxTries, _maxTime: maxTime,
    _plugins, _listeners, _watched, _plain, _timed: !_plain || _plugins.some((plugin) => !plugin.timeless),
  }
}

/** A policy that serves many calls: made anew when something process-wide has changed since. */
export interface Shared {
  readonly _options: Options
  readonly _tracker: Tracker | undefined
  _version: number
  _policy: Policy
}

const snapshot = (options: any): Options => {
  const copy = { ...options }
  for (const name in copy) if (Array.isArray(copy[name])) copy[name] = [...copy[name]]
  return copy
}

/** Checks every option. What is changed in the options later changes nothing. */
export const share = (given: Options, tracker?: Tracker): Shared => {
  const options = snapshot(given)
  return { _options: options, _tracker: tracker, _version: state().version, _policy: prepare(options, tracker) }
}

/** What a call that starts now runs by. */
export const current = (shared: Shared): Policy => {
  const { force, version } = state()
  if (force) return prepare(force(shared._options), shared._tracker)
  if (version !== shared._version) {
    shared._version = version
    shared._policy = prepare(shared._options, shared._tracker)
  }
  return shared._policy
}
