import { invalid } from './check.ts'
import { state } from './shared.ts'
import type { Details, Hooks, Options, Plugin } from './types.ts'

export const isThenable = (value: any): value is PromiseLike<unknown> => typeof value?.then === 'function'

// oxlint-disable-next-line no-console -- where nothing else takes an error that nobody awaits
const report = (error: unknown): void => (typeof reportError === 'function' ? reportError : console.error)(error)

const tellPlugin = (plugin: any, event: string, fact: unknown): void => {
  try {
    const result = plugin[event]?.(fact)
    if (isThenable(result)) result.then(undefined, report)
  } catch (error) {
    report(error)
  }
}

/**
 * Tells plugins an event: those of an attempt (`attempt.plugins`), or by default all that joined with `use()`.
 * Plugins only watch: what one throws or rejects is reported, and the others are still told.
 */
export const emit = <Name extends keyof Hooks>(
  event: Name,
  fact: Parameters<NonNullable<Hooks[Name]>>[0],
  plugins: readonly Plugin[] = [...state().outer, ...state().inner],
): void => plugins.forEach((plugin) => tellPlugin(plugin, event, fact))

const events = ['onAttempt', 'before', 'after', 'onSuccess', 'beforeSleep', 'onBackoff', 'onGiveup', 'onAbort'] as const

/** Who is told what, in order. */
export type Listeners = { [Event in (typeof events)[number]]?: ((details: Details) => unknown)[] }

/** Finds who listens: the call's own handlers first, so that plugins are told what really came of them. */
export const findListeners = (options: Options, plugins: readonly Plugin[]): Listeners | undefined => {
  let found: Listeners | undefined
  for (const event of events) {
    const list: any[] = [(options as any)[event] ?? []].flat()
    list.forEach((handler) => typeof handler === 'function' || invalid(event, 'a function or a list of them', handler))
    plugins.forEach((plugin) => plugin[event] && list.push((details: Details) => tellPlugin(plugin, event, details)))
    if (list[0]) (found ??= {})[event] = list
  }
  return found
}
