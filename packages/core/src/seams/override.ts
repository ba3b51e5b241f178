import { invalid } from '../check.ts'
import { copyOf, merge } from '../names.ts'
import { state } from './state.ts'
import type { Forced, Options, Override, Undo } from '../types.ts'
import { undo } from './undo.ts'

const set = (overrides: readonly ((options: Options) => Forced | undefined)[]): void => {
  const shared = state()
  shared.overrides = overrides
  shared.force = overrides[0] && ((options) => overrides.reduce<Forced>((options, forced) => merge(options, forced(options)), copyOf(options)))
}

/**
 * Forces options onto every call of the process that starts from now on; the latest override has the last word.
 * A function is asked at each call with the options it would otherwise run with. Returns its undo, in any order.
 *
 * @example
 * using fast = override({ sleep: () => Promise.resolve() }) // nothing waits until the block is left
 */
export const override = (forced: Override): Undo => {
  if (!forced || (typeof forced !== 'object' && typeof forced !== 'function')) invalid('override', 'options or a function', forced)
  const entry = (options: Options): Forced | undefined => (typeof forced === 'function' ? forced(options) : forced)
  set([...(state().overrides ?? []), entry])
  return undo(() => set(state().overrides!.filter((other) => other !== entry)))
}

/**
 * Turns retrying off for the whole process: every call runs its operation once, without plugins, handlers or bounds.
 * Counted, over all copies of core in the process: as many `enable()` as `disable()` turn it on again. Returns an undo of this one call.
 *
 * @example
 * using off = disable() // every call runs its operation once until the block is left
 */
export const disable = (): Undo => {
  const { disabled } = state()
  const off = override({ enabled: false })
  const entry = undo(() => {
    off()
    disabled.splice(disabled.indexOf(entry), 1)
  })
  disabled.push(entry)
  return entry
}

/**
 * Takes back the latest `disable()` still in force; without one it does nothing.
 *
 * @example
 * disable()
 * enable() // as before
 */
export const enable = (): void => state().disabled.at(-1)?.()
