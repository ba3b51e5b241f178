import type { Details } from '../types.ts'

/**
 * Makes what belongs to a label once, for at most `limit` labels: `''` is `anonymous`, and whatever comes after the
 * first so many shares one `other`.
 */
export const perLabel = <T>(limit: number, make: (label: string) => T): ((value: string) => T) => {
  const made = new Map<string, T>()
  const add = (label: string): T => {
    const one = made.get(label) ?? make(made.size < limit ? label : (label = 'other'))
    made.set(label, one)
    return one
  }
  return (value) => made.get(value) ?? add(value || 'anonymous')
}

// One allowance for the process: a second plugin or registry does not add to it.
const typeLabel = /* @__PURE__ */ perLabel(50, String)

/**
 * Names the class of what was thrown; a primitive by its `typeof`, a DOMException by its name (`AbortError`), which is
 * from a fixed list. Never by a message.
 */
export const className = (thrown: any): string => {
  const type = typeof thrown === 'object' && thrown?.constructor?.name
  return type === 'DOMException' ? thrown.name : type || typeof thrown
}

/** The class of what an attempt threw as a label, 50 of them; `none` when it threw nothing. */
export const exceptionType = (details: Pick<Details, 'exception'>): string =>
  'exception' in details ? typeLabel(className(details.exception)) : 'none'
