import { state } from './state.ts'
import { isThenable } from '../thenable.ts'
import type { Hooks, Plugin } from '../types.ts'

/** Reports an error that nobody awaits: with the platform's `reportError`, else on the console. */
// oxlint-disable-next-line no-console -- where nothing else takes an error that nobody awaits
export const report = (error: unknown): void => (globalThis.reportError ?? console.error)(error)

export const tellPlugin = (plugin: any, event: string, fact: unknown): void => {
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
 *
 * @example
 * const counting: Plugin = { onAttempt: ({ name }) => count(name) }
 * emit('onAttempt', attempt.details, [counting])
 */
export const emit = <Name extends keyof Hooks>(
  event: Name,
  fact: Parameters<NonNullable<Hooks[Name]>>[0],
  plugins: readonly Plugin[] = [...state().outer, ...state().inner],
): void => plugins.forEach((plugin) => tellPlugin(plugin, event, fact))
