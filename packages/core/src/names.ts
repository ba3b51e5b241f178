import { invalid } from './check.ts'
import { ignore, optionsOf } from './seams/given.ts'
import type { Forced, Options } from './types.ts'

/** No option is given: all there are, in one shape. */
const none = (): Forced => ({
  wait: undefined, jitter: undefined, exception: undefined, predicate: undefined, condition: undefined, giveup: undefined, maxTries:
  undefined, maxTime: undefined, stop: undefined, signal: undefined, sleep: undefined, name: undefined, use: undefined, enabled: undefined,
  onAttempt: undefined, before: undefined, after: undefined, onSuccess: undefined, beforeSleep: undefined, onBackoff: undefined, onGiveup:
  undefined, retryErrorCallback: undefined, raiseOnGiveup: undefined, clock: undefined, random: undefined,
})

/** All there are. */
export const names: readonly (keyof Forced)[] = /* @__PURE__ */ Object.keys(/* @__PURE__ */ none()) as (keyof Forced)[]

const owner = '@backon/core'

/** Says once of a name that it is none of an option. */
const isNone = (name: string): void => ignore(owner, name, names)

/** Looks at the names of options, those of their own: a class may have methods. */
export const lookAtNames = (options: object): void => void optionsOf(owner, options, names)

/**
 * Reads options into one shape, whatever they are written in: V8 reads that one five times faster than many. What most write has cases of its own,
 * which cost half of the other way. Own or inherited, a getter or a value: all are read.
 */
export const read = (options: any): Forced => {
  if (options === null || typeof options !== 'object') invalid('options', 'an object', options)
  const all: any = none()
  for (const name in options) {
    switch (name) {
      case 'wait': all.wait = options.wait; break
      case 'maxTries': all.maxTries = options.maxTries; break
      case 'exception': all.exception = options.exception; break
      case 'signal': all.signal = options.signal; break
      case 'use': all.use = options.use; break
      default:
        if (name in all) all[name] = options[name]
        else if (Object.hasOwn(options, name)) isNone(name)
    }
  }
  // What a class has is not enumerated.
  if (Object.getPrototypeOf(options) !== Object.prototype) for (const name of names) all[name] = options[name]
  return all
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
  lookAtNames(options)
  lookAtNames(overrides)
  return { ...copyOf(options), ...copyOf(overrides) }
}
