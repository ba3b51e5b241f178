import type { BackoffDetails, Details, Plugin } from '@backon/core'
import { levels } from '@backon/core/kit'

/** So many attempts of one call at one moment are a loop that ends only when time passes. */
const mostTries = 20_000

/** Calls under way: to say who is waiting, and who goes round in circles. */
export class Waiting {
  readonly #now: () => number
  /** The last record of each, and since which moment it has been making attempts without time passing. */
  readonly #calls = new Map<object, { details: Details; at: number; tries: number }>()
  /** Whether a call goes on and on without time passing. */
  stuck = false

  constructor(now: () => number) {
    this.#now = now
  }

  /** Watches every call of a run. */
  readonly plugin: Plugin = {
    timeless: true,
    onAttempt: (details) => {
      const now = this.#now()
      const known = this.#calls.get(details.call)
      const at = known?.at === now ? known : { at: now, tries: details.tries }
      this.#calls.set(details.call, { details, at: now, tries: at.tries })
      if (details.tries - at.tries > mostTries) this.stuck = true
    },
    onBackoff: (details: BackoffDetails) => {
      const known = this.#calls.get(details.call)
      if (known) known.details = details
    },
    onSuccess: ({ call }) => this.#calls.delete(call),
    onGiveup: ({ call }) => this.#calls.delete(call),
    onAbort: ({ call }) => this.#calls.delete(call),
  }

  clear(): void {
    this.#calls.clear()
    this.stuck = false
  }

  toString(): string {
    const calls = [...this.#calls.values()].map(
      ({ details: { name, tries, wait } }) => `${name || 'an unnamed call'}, attempt ${tries}${wait === undefined ? '' : ` and the wait of ${wait} ms after it`}`,
    )
    const queues = levels().flatMap(({ kind, name, values: { queued = 0 } = {} }) => (queued > 0 ? [`${queued} in the queue of ${kind} ${JSON.stringify(name)}`] : []))
    return [...calls, ...queues].join('; ') || 'the function given to run(), outside of any call'
  }
}
