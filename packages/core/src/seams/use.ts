import { invalid } from '../check.ts'
import { state } from './state.ts'
import type { Plugin, Undo } from '../types.ts'
import { undo } from './undo.ts'

/**
 * Lets a plugin join every call of the process that starts from now on: outside the plugins of the call itself, or next
 * to the operation when the plugin is `innermost`. Returns its undo, which `using` calls too. A plugin that joins twice
 * is there twice.
 *
 * @example
 * const stop = use(log(console))
 * // … every call of the process is logged
 * stop()
 */
export const use = (plugin: Plugin): Undo => {
  if (!plugin || typeof plugin !== 'object') invalid('plugin', 'an object', plugin)
  const shared = state()
  const side = plugin.innermost ? 'inner' : 'outer'
  const set = (plugins: readonly Plugin[]): void => {
    shared[side] = plugins
    shared.version++
  }
  set([...shared[side], plugin])
  return undo(() => {
    const at = shared[side].indexOf(plugin)
    set(shared[side].filter((_, i) => i !== at))
  })
}
