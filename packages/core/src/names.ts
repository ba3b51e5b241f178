import { invalid } from './check.ts'
import type { Forced, Options } from './types.ts'

/** All there are. */
export const names: readonly (keyof Forced)[] = [
  'wait', 'jitter', 'exception', 'predicate', 'condition', 'giveup', 'maxTries', 'maxTime', 'stop', 'signal', 'sleep', 'name', 'use', 'enabled',
  'onAttempt', 'before', 'after', 'onSuccess', 'beforeSleep', 'onBackoff', 'onGiveup', 'retryErrorCallback', 'raiseOnGiveup', 'clock', 'random',
]

/** Finds the name that has the longest stretch of letters in common with another one: `retries` and `maxTries`. */
const nearest = (name: string): string => {
  const wanted = name.toLowerCase()
  for (let length = wanted.length; length > 2; length--) {
    for (let at = 0; at + length <= wanted.length; at++) {
      const found = names.find((name) => name.toLowerCase().includes(wanted.slice(at, at + length)))
      if (found) return `: did you mean ${found}?`
    }
  }
  return ''
}

const told = /* @__PURE__ */ new Set<string>()
let looks = 0

/**
 * Says once of each name that it is none of an option. To look at the names of every call would cost half as much as a call: the first
 * thousand are looked at, then one in a hundred.
 */
export const lookAtNames = (options: object, always = false): void => {
  if (!always && looks++ > 1_000 && looks % 100) return
  for (const name of Object.keys(options ?? {})) {
    if (names.includes(name as keyof Forced) || told.has(name)) continue
    told.add(name)
    // oxlint-disable-next-line no-console -- a misspelt option is no reason to fail in production
    console.warn(`@backon/core ignores ${name}, which is no option${nearest(name)}`)
  }
}

/** Copies options, read the same way wherever they come from: own or inherited, a getter or a value. `undefined` is absent. */
export const copyOf = (options: any): Forced => {
  if (options === null || typeof options !== 'object') invalid('options', 'an object', options)
  const copy: any = {}
  for (const name of names) {
    const value = options[name]
    if (value !== undefined) copy[name] = Array.isArray(value) ? [...value] : value
  }
  return copy
}

/** Puts some options in place of others; what is `undefined` takes no place. */
export const merge = (options: Options, overrides: Options = {}): Forced => {
  lookAtNames(options, true)
  lookAtNames(overrides, true)
  return { ...copyOf(options), ...copyOf(overrides) }
}
