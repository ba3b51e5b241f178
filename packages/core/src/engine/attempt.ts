import type { Attempt, Details, Plugin } from '../types.ts'

/** An attempt whose signal exists only once it is read. */
export class CallAttempt implements Attempt {
  declare readonly tries: number
  declare readonly plugins: readonly Plugin[]
  declare aborted: boolean
  declare reason: unknown
  /** @internal */
  declare onabort: ((reason: unknown) => void) | undefined
  /** Where its facts come from, and how: it needs no closure of its own. */
  declare readonly _owner: any
  declare readonly _facts: (owner: any) => Details
  declare _controller: AbortController | undefined

  constructor(tries: number, plugins: readonly Plugin[], owner: any, facts: (owner: any) => Details) {
    this.tries = tries
    this.plugins = plugins
    this._owner = owner
    this._facts = facts
    this.aborted = false
    this.reason = this.onabort = this._controller = undefined
  }

  get details(): Details {
    return this._facts(this._owner)
  }

  get signal(): AbortSignal {
    if (!this._controller) {
      this._controller = new AbortController()
      if (this.aborted) this._controller.abort(this.reason)
    }
    return this._controller.signal
  }

  whenAborted(listener: (reason: unknown) => void): () => void {
    if (this.aborted) {
      listener(this.reason)
      return () => {}
    }
    const { onabort } = this
    let on = true
    this.onabort = (reason) => {
      onabort?.(reason)
      if (on) listener(reason)
    }
    return () => {
      on = false
    }
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this._controller?.abort(reason)
    this.onabort?.(reason)
  }
}
