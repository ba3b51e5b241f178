import type { Details } from '../types.ts'

/**
 * Makes what belongs to a label once, for at most `limit` labels: `''` is `anonymous`, and whatever comes after the
 * first so many shares one `other`.
 *
 * @example
 * const counters = perLabel(1_000, (target) => ({ target, calls: 0 }))
 * counters(details.name).calls++
 */
export const perLabel = <T>(limit: number, make: (label: string) => T): ((value: string) => T) => {
  const made = new Map<string, T>()
  const add = (label: string): T => {
    if (!made.has(label)) {
      if (made.size >= limit) label = 'other'
      if (!made.has(label)) made.set(label, make(label))
    }
    return made.get(label)!
  }
  return (value) => made.get(value) ?? add(value || 'anonymous')
}

// One allowance for the process: a second plugin or registry does not add to it.
const typeLabel = /* @__PURE__ */ perLabel(50, String)

/**
 * Names the class of what was thrown: never by its message, nor by a name that somebody has given it. A primitive is named by
 * its `typeof`, a DOMException by its name where that is one of the platform's own (`AbortError`).
 */
export const className = (thrown: any): string => {
  try {
    const type = typeof thrown === 'object' && thrown?.constructor?.name
    // Anybody can make a DOMException of any name; only those of the platform's list have a code.
    if (type === 'DOMException' && thrown.code) return thrown.name
    // oxlint-disable-next-line no-control-regex -- whoever joins labels joins them with it
    if (typeof type === 'string' && /^[^\0]{1,99}$/.test(type)) return type
  } catch {
    // A getter that throws tells nothing.
  }
  return typeof thrown
}

/** The class of what an attempt threw as a label, 50 of them in a process, then `other`; `none` when it threw nothing. */
export const exceptionType = (details: Pick<Details, 'exception'>): string =>
  'exception' in details ? typeLabel(className(details.exception)) : 'none'
