import type { Attempt, Details, Plugin } from './types.ts'

/** An attempt whose signal exists only once it is read. */
export class CallAttempt implements Attempt {
  aborted = false
  reason: unknown
  onabort: ((reason: unknown) => void) | undefined
  _controller: AbortController | undefined

  constructor(
    readonly tries: number,
    readonly plugins: readonly Plugin[],
    /** Where its facts come from, and how: it needs no closure of its own. */
    readonly _owner: any,
    readonly _facts: (owner: any) => Details,
  ) {}

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

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this._controller?.abort(reason)
    this.onabort?.(reason)
  }
}
