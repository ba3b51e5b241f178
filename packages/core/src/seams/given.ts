import { invalid } from '../check.ts'
import { state } from './state.ts'

/** Finds the first name that has the longest stretch of letters in common with another one: `retries` and `maxTries`; with two words of other libraries. Else names all. */
const nearest = (wanted: string, names: readonly string[]): string => {
  const letters = wanted.toLowerCase().replace('attempts', 'tries').replace(/.*delay/, 'wait')
  for (let length = letters.length; length > 2; length--) {
    for (let at = 0; at + length <= letters.length; at++) {
      const found = names.find((name) => name.toLowerCase().includes(letters.slice(at, at + length)))
      if (found) return `did you mean ${found}?`
    }
  }
  return `it takes ${names.join(', ')}`
}

/** Says once of a name that it is none of an option. */
export const ignore = (owner: string, name: string, names: readonly string[]): void => {
  const fact = `${owner} ignores ${name}, which is no option: `
  const told = (state().told ??= new Set())
  if (told.has(fact)) return
  told.add(fact)
  // oxlint-disable-next-line no-console -- a misspelt option is no reason to fail in production
  console.warn(fact + nearest(name, names))
}

/** All names of an interface, so that none can be forgotten. */
type All<Given, Names extends readonly string[]> = [Exclude<keyof Given, Names[number]>] extends [never] ? Names : never

/**
 * Takes options: throws for what is no object, and says once of each misspelt name that it is none, with the nearest one that is. It looks at
 * the names of the object's own: a class may have methods. `owner` is who takes them, as the caller wrote it.
 *
 * @example
 * export const quota = (options: QuotaOptions = {}): Plugin => {
 *   const { calls = 10, per = 1_000 } = optionsOf('quota', options, ['calls', 'per'])
 *   // …
 * }
 */
export const optionsOf = <Given extends object, const Names extends readonly string[]>(owner: string, given: Given, names: All<Given, Names>): Given => {
  if (given === null || typeof given !== 'object') invalid('options', 'an object', given)
  for (const name of Object.keys(given)) if (!names.includes(name)) ignore(owner, name, names)
  return given
}
