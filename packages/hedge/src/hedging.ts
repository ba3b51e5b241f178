import type { Plugin } from '@backon/core'
import { optionsOf } from '@backon/core/kit'
import { type HedgeOptions, names, planOf } from './options.ts'
import { run } from './race.ts'

/** As `hedging`; with `whole`, the hedge is the whole call and not a part of one. */
export const hedgingWith = (options: HedgeOptions, whole: boolean): Plugin => {
  const plan = planOf(options, whole)
  const { _judge, wait, budget, onHedge, onHedgeFail } = plan
  return {
    // All of these are shown the attempt's times.
    timeless: (typeof wait !== 'function' || !!wait.timeless) && !(_judge || budget || onHedge || onHedgeFail),
    wrap: (next) => (attempt) => run(plan, next, attempt),
  }
}

/**
 * Makes a plugin that hedges each attempt: when it has not been answered after `wait`, a copy of it starts, and so on up to `maxHedge`
 * copies. The first answer is the attempt's result, and the other copies are aborted. A copy that fails makes the next start at once, and
 * does not decide while another is out; one whose error has `retryable: false` does. One that was refused (an open circuit inside) or that
 * says when to come back (`Retry-After`) starts none. When all have failed, the attempt fails with the error of the last of them, as it was thrown.
 *
 * Plugins inside see each copy as an attempt (`attempt.copy` says which), plugins outside the whole hedge as one. Throws for unusable
 * options. Hedge only what may run twice.
 *
 * @example
 * await retry(({ signal }) => fetch(url, { signal }), { use: [hedging({ wait: 100 })] })
 */
export const hedging = (options: HedgeOptions = {}): Plugin => hedgingWith(optionsOf('hedging', options, names), false)
