import { invalid } from '../check.ts'

/**
 * Refuses what cannot be called again to any effect. Generator functions are told by their tag, which bound ones have too and which
 * costs nothing to read; `prototype` would be made by being read, for each function expression anew.
 */
export const checkTarget = (target: any, name = 'operation', allowed = 'a function'): void => {
  if (typeof target !== 'function') invalid(name, allowed, target)
  if (`${target[Symbol.toStringTag]}`.endsWith('GeneratorFunction')) {
    throw new TypeError(`${name} must not be a generator function: its body runs when the result is iterated, too late for a retry. Iterate inside the operation`)
  }
}
