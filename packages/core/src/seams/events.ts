import { check, listOf } from '../check.ts'
import { state } from './state.ts'
import { isThenable } from '../thenable.ts'
import type { Details, Hooks, Plugin } from '../types.ts'

/** Reports an error that nobody awaits: with the platform's `reportError`, else on the console. */
// oxlint-disable-next-line no-console -- where nothing else takes an error that nobody awaits
export const report = (error: unknown): void => (globalThis.reportError ?? console.error)(error)

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

/** Who is told what, in order. */
export type Listeners = Record<string, ((details: Details) => unknown)[] | undefined>

/** Finds who listens: the call's own handlers first, so that plugins are told what really came of them. */
export const findListeners = (handlers: Record<string, unknown>, plugins: readonly any[]): Listeners | undefined => {
  let found: Listeners | undefined
  for (const event in handlers) {
    const list = [...listOf<any>(handlers[event] ?? [])]
    for (const handler of list) check('function', { [event]: handler ?? 0 })
    plugins.forEach((plugin) => plugin[event] && list.push((details: Details) => tellPlugin(plugin, event, details)))
    if (list[0]) (found ??= {})[event] = list
  }
  return found
}
