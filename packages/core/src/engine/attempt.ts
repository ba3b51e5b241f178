import { report } from '../seams/events.ts'
import type { Attempt, Details, Plugin } from '../types.ts'
import { followWeakly, type Source } from './follow.ts'

type Listener = (reason: unknown) => void

/** Nothing that an attempt follows. */
export const alone: readonly Source[] = []

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
  /** Nearly always one is enough. */
  declare _listener: Listener | undefined
  declare _listeners: Set<Listener> | undefined
  /** What its operation gave back: who closes a scope waits for it. */
  declare _work: unknown

  constructor(tries: number, plugins: readonly Plugin[], owner: any, facts: (owner: any) => Details, sources: readonly Source[], copy: number) {
    this.tries = tries
    this.copy = copy
    this.plugins = plugins
    this._owner = owner
    this._facts = facts
    this._sources = sources
    this.aborted = this._taken = false
    this.reason = this._controller = this._listener = this._listeners = this._work = undefined
  }

  get details(): Details {
    return this._facts(this._owner)
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
    else if (this._listener || this._listeners?.size) (this._listeners ??= new Set()).add(listener)
    else this._listener = listener
    return () => {
      if (this._listener === listener) this._listener = undefined
      else this._listeners?.delete(listener)
    }
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    const { _listener, _listeners } = this
    this._listener = this._listeners = undefined
    this._controller?.abort(reason)
    for (const listener of [_listener, ...(_listeners ?? [])]) {
      try {
        listener?.(reason)
      } catch (error) {
        report(error)
      }
    }
  }
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
 */
export const fork = (parent: Attempt, copy = parent.copy): Attempt => {
  const child = new CallAttempt(parent.tries, parent.plugins, parent, factsOf, alone, copy)
  parent.whenAborted((reason) => child.abort(reason))
  return child
}
