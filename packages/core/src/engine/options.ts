import { atLeastZero, check, invalid } from '../check.ts'
import { checkClass } from '../condition/exception-type.ts'
import { copyOf, lookAtNames, names, read } from '../names.ts'
import { state } from '../seams/state.ts'
import { answer } from '../thenable.ts'
import { realClock } from '../time/clock.ts'
import type { Clock, ErrorClass, Forced, Handler, Options, Plugin } from '../types.ts'
import { finite } from '../wait/ask.ts'
import { waitOf } from '../wait/of.ts'
import { alone, type Source } from './follow.ts'

/** What a policy object does about its calls, one by one. */
export interface Tracker {
  readonly _opened: (call: any) => void
  readonly _closed: (call: any) => void
}

/** The rarer options, as they were given. */
export type Rules = Pick<Options, 'predicate' | 'condition' | 'giveup' | 'stop' | 'sleep' | 'retryErrorCallback'>

/** The moments that the caller's own handlers can watch. */
export type Event = 'onAttempt' | 'before' | 'after' | 'onSuccess' | 'beforeSleep' | 'onBackoff' | 'onGiveup'

/** Options that have been checked, and what follows from them. It serves many calls at once, and nothing changes it: nothing of a call is kept in it. */
export interface Policy {
  readonly _name: string | undefined
  readonly _wait: Options['wait']
  readonly _jitter: Options['jitter']
  readonly _exception: readonly ErrorClass[] | undefined
  readonly _maxTries: number | (() => number)
  readonly _maxTime: number | (() => number)
  /** What can cut its calls short, besides their deadline. */
  readonly _sources: readonly Source[]
  readonly _rules: Rules
  readonly _raises: boolean | undefined
  readonly _clock: Clock
  readonly _tracker: Tracker | undefined
  /** The caller's own handlers; absent when there are none. */
  readonly _handlers: { readonly [Name in Event]?: readonly Handler[] } | undefined
  /** Each once: those that joined all calls, those of the options, those next to the operation. The first is outermost. */
  readonly _plugins: readonly Plugin[]
  /** Whether anybody is told of what happens. */
  readonly _watched: boolean
  /** Whether anything may ask for the time: reading the clock costs as much as all the rest of a call that succeeds. */
  readonly _timed: boolean
  /** Nobody is told of a success, nothing can cut a call short, and every value is a success. */
  readonly _plain: boolean
}

const noRules: Rules = {}

/** Takes a bound on the attempts of one call. */
export const triesOf = (maxTries: number | (() => number)): number => {
  const tries: any = typeof maxTries === 'function' ? answer('maxTries', maxTries()) : maxTries
  return tries === Infinity || (Number.isInteger(tries) && tries > 0) ? tries : invalid('maxTries', 'an integer of 1 or more, or Infinity', tries)
}

/** Takes a bound on the time of one call. */
export const timeOf = (maxTime: number | (() => number)): number => atLeastZero('maxTime', typeof maxTime === 'function' ? answer('maxTime', maxTime()) : maxTime)

/** Resolves bounds that are functions: once a call. */
export const bounded = (policy: Policy): Policy =>
  typeof policy._maxTries === 'function' || typeof policy._maxTime === 'function'
    ? { ...policy, _maxTries: triesOf(policy._maxTries), _maxTime: timeOf(policy._maxTime) }
    : policy

/** Copies a list, so that what is done to it later changes nothing. */
const frozen = <Member>(members: Member | readonly Member[]): readonly Member[] => (Array.isArray(members) ? [...members] : [members as Member])

/** What wants to hear of all attempts, if anything does; and what wants to hear of failures and of ends that are none. */
const ofAll = (hooks: Hears): unknown => hooks.onAttempt ?? hooks.before ?? hooks.after ?? hooks.onSuccess
const ofFailures = (hooks: Hears): unknown => hooks.beforeSleep ?? hooks.onBackoff ?? hooks.onGiveup ?? hooks.onAbort

/** The same of a plugin: that a hook is there counts, as a getter may give it later, when somebody listens. */
const hearsAll = (plugin: Plugin): boolean => 'onAttempt' in plugin || 'before' in plugin || 'after' in plugin || 'onSuccess' in plugin
const hearsFailures = (plugin: Plugin): boolean => 'beforeSleep' in plugin || 'onBackoff' in plugin || 'onGiveup' in plugin || 'onAbort' in plugin

type Hears = { readonly [Name in Event | 'onAbort']?: unknown }

const handlersOf = (options: Options): Policy['_handlers'] => {
  const handlers: any = {}
  for (const event of names as Event[]) {
    if (!/^(?:on|before|after)/.test(event) || options[event] == null) continue
    handlers[event] = frozen(options[event])
    for (const handler of handlers[event]) if (typeof handler !== 'function') invalid(event, 'a function or a list of them', handler)
  }
  return handlers
}

/** The plugins of a call. The same one acts once, in its outermost place. */
const pluginsOf = (use: Options['use']): readonly Plugin[] => {
  const { outer, inner } = state()
  if (use == null) return inner[0] ? [...outer, ...inner] : outer
  if (!Array.isArray(use)) invalid('use', 'a list of plugins', use)
  for (const plugin of use) if (!plugin || typeof plugin !== 'object') invalid('use', 'a list of plugins', plugin)
  const plugins = [...outer, ...use, ...inner]
  return plugins[1] ? [...new Set(plugins)] : plugins
}

/**
 * Checks options. The rarer ones are gone through only when there is one.
 */
export const prepare = (given: Forced, tracker?: Tracker): Policy => {
  const options = read(given)
  const {
    wait, jitter, exception, maxTime, signal, name, use, enabled, clock = realClock,
    predicate, condition, giveup, stop, sleep, retryErrorCallback, raiseOnGiveup,
    maxTries = (maxTime ?? stop) == null && !finite(wait) ? 3 : Infinity,
  } = options
  if (typeof maxTries !== 'function') triesOf(maxTries)
  if (maxTime !== undefined && typeof maxTime !== 'function') timeOf(maxTime)
  const types = exception == null ? undefined : frozen(exception)
  types?.forEach(checkClass)
  if (jitter != null && typeof jitter !== 'function') invalid('jitter', 'a function or null', jitter)
  if (name != null) check('string', { name })
  if (signal != null && signal.aborted === undefined) invalid('signal', 'an AbortSignal (of a controller, its signal)', signal)
  if ((enabled ?? raiseOnGiveup) != null) check('boolean', { enabled, raiseOnGiveup })
  // Turned off: once, with no plugin, no handler and no bound.
  if (enabled === false) return { ...prepare({ signal, name, clock, maxTries: 1, condition: () => false }, tracker), _plugins: [], _watched: false }

  let rules = noRules
  if ((predicate ?? condition ?? giveup ?? stop ?? sleep ?? retryErrorCallback) != null) check('function', (rules = { predicate, condition, giveup, stop, sleep, retryErrorCallback }))
  const plugins = pluginsOf(use)
  // What is told of failures alone can wait until there is one.
  let early = ofAll(options)
  const handlers = (early ?? ofFailures(options)) == null ? undefined : handlersOf(options)
  let late: unknown = handlers
  let timeless = true
  for (const plugin of plugins) {
    early ||= hearsAll(plugin)
    late ||= hearsFailures(plugin)
    timeless &&= !!plugin.timeless
  }
  const watched = !!(early || late)
  const plain =
    !early && (tracker ?? signal ?? maxTime ?? predicate ?? condition ?? stop ?? retryErrorCallback) == null &&
    typeof maxTries !== 'function' && (typeof wait !== 'function' || !!wait.timeless)

  return {
    _name: name,
    _wait: wait === undefined ? wait : waitOf('wait', wait),
    _jitter: jitter,
    _exception: types,
    _maxTries: maxTries,
    _maxTime: maxTime ?? Infinity,
    _sources: signal ? [signal] : alone,
    _rules: rules,
    _raises: raiseOnGiveup,
    _clock: clock,
    _tracker: tracker,
    _handlers: handlers,
    _plugins: plugins,
    _watched: watched,
    _timed: !plain || watched || !timeless,
    _plain: plain,
  }
}

/** A policy that serves many calls: made anew when something process-wide has changed since. */
export interface Shared {
  readonly _options: Options
  readonly _tracker: Tracker | undefined
  _version: number
  _policy: Policy
}

/** Checks options that nobody changes. */
export const hold = (options: Forced, tracker?: Tracker): Shared => ({ _options: options, _tracker: tracker, _version: state().version, _policy: prepare(options, tracker) })

/** Checks every option. What is changed in the options later changes nothing. */
export const share = (given: Options, tracker?: Tracker): Shared => {
  lookAtNames(given)
  return hold(copyOf(given), tracker)
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
