import type { Attempt, Details, Plugin } from './types.ts'

/** What an attempt belongs to. */
export interface AttemptOwner {
  /** A function of its owner, so that an attempt needs no closure of its own. */
  readonly _facts: (owner: any) => Details
}

/** An attempt whose signal exists only once it is read. */
export class CallAttempt implements Attempt {
  aborted = false
  reason: unknown
  onabort: ((reason: unknown) => void) | undefined
  _controller: AbortController | undefined

  constructor(
    readonly tries: number,
    readonly plugins: readonly Plugin[],
    readonly _owner: AttemptOwner,
  ) {}

  get details(): Details {
    return this._owner._facts(this._owner)
  }

  get signal(): AbortSignal {
    if (!this._controller) {
      this._controller = new AbortController()
      if (this.aborted) this._controller.abort(this.reason)
    }
    return this._controller.signal
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this._controller?.abort(reason)
    this.onabort?.(reason)
  }
}
