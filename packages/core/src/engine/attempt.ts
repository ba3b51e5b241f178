import { report } from '../seams/events.ts'
import type { Attempt, Details, Plugin } from '../types.ts'
import { alone, followWeakly, type Source } from './follow.ts'

type Listener = (reason: unknown) => void

const nobody: readonly Listener[] = []

/** Who uses a signal keeps the attempt that aborts it. (The other way round it would be collected while a body stalls.) */
const owners = /* @__PURE__ */ new WeakMap<AbortSignal, CallAttempt>()

/** An attempt whose signal exists only once it is read. */
export class CallAttempt implements Attempt {
  declare readonly tries: number
  declare readonly copy: number
  declare readonly plugins: readonly Plugin[]
  declare aborted: boolean
  declare reason: unknown
  /** Where its facts come from, and how: it needs no closure of its own. */
  declare readonly _owner: any
  declare readonly _facts: (owner: any) => Details
  declare readonly _sources: readonly Source[]
  declare _controller: AbortController | undefined
  /** Whether a signal of it, or of an attempt forked from it, was ever read: somebody can still be told to stop. */
  declare _taken: boolean
  declare _listeners: readonly Listener[]
  /** What its operation gave back, where somebody may wait for it. */
  declare _work: unknown
  /** The attempt before it, whose value was not the result and may still be in use, until this one runs. */
  declare _before: CallAttempt | undefined

  constructor(tries: number, plugins: readonly Plugin[], owner: any, facts: (owner: any) => Details, sources: readonly Source[], copy: number) {
    this.tries = tries
    this.copy = copy
    this.plugins = plugins
    this._owner = owner
    this._facts = facts
    this._sources = sources
    this.aborted = this._taken = false
    this.reason = this._controller = this._work = this._before = undefined
    this._listeners = nobody
  }

  get details(): Details {
    return this._facts(this._owner)
  }

  get deadline(): number | undefined {
    // Of the one it was forked from, which may be another copy's.
    if (this._facts === factsOf) return this._owner.deadline
    const { _policy, _started } = this._owner
    return _policy?._maxTime < Infinity ? _started + _policy._maxTime : undefined
  }

  get sync(): boolean {
    return !!(this._facts === factsOf ? this._owner.sync : this._owner._refuse)
  }

  get signal(): AbortSignal {
    if (!this._controller) {
      this._controller = new AbortController()
      owners.set(this._controller.signal, this)
      if (this.aborted) this._controller.abort(this.reason)
      else take(this)
    }
    return this._controller.signal
  }

  whenAborted(listener: Listener): () => void {
    if (this.aborted) listener(this.reason)
    else this._listeners = [...this._listeners, listener]
    return () => {
      this._listeners = this._listeners.filter((other) => other !== listener)
    }
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this._controller?.abort(reason)
    for (const listener of this._listeners) {
      try {
        listener(reason)
      } catch (error) {
        report(error)
      }
    }
    this._listeners = nobody
  }
}

/** The attempt of the call, of which this one is, or was forked. */
const rootOf = (attempt: any): CallAttempt => {
  while (attempt._facts === factsOf) attempt = attempt._owner
  return attempt
}

/** Keeps what an operation gives back with the attempt of its call, for who closes a scope: also what a plugin runs and forgets. */
export const note = <Work>(attempt: Attempt, work: Work): Work => {
  const root = rootOf(attempt)
  root._work = root._work ? Promise.allSettled([root._work, work] as Promise<unknown>[]) : work
  return work
}

/** From now on somebody may be using a signal of it: it hears of its sources for as long as that one lives. */
const take = (attempt: Attempt): void => {
  // One of another copy of core knows what to do when its signal is read.
  if (!(attempt instanceof CallAttempt)) return void attempt.signal
  if (attempt._taken) return
  attempt._taken = true
  if (attempt._facts === factsOf) take(attempt._owner)
  for (const source of attempt._sources) {
    followWeakly(source, attempt)
    if ('whenAborted' in source) take(source)
  }
}

const factsOf = (parent: Attempt): Details => parent.details

/**
 * Makes a further attempt inside an attempt: aborted with it, or alone with `abort(reason)`. For plugins that time an
 * operation or run it more than once (`copy` says which run it is). It makes no AbortController until somebody reads a signal.
 *
 * @example
 * const hurried: Plugin = {
 *   wrap: (next) => (attempt) => {
 *     const child = fork(attempt)
 *     enough.addEventListener('abort', () => child.abort(enough.reason), { once: true })
 *     return next(child)
 *   },
 * }
 */
export const fork = (parent: Attempt, copy = parent.copy): Attempt => {
  const child = new CallAttempt(parent.tries, parent.plugins, parent, factsOf, alone, copy)
  parent.whenAborted((reason) => child.abort(reason))
  return child
}
