import type { Details } from '@backon/core'

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
 * Names the class of what an attempt threw; `none` when it threw nothing; 50 of them. Never a message: a primitive is
 * named by its `typeof`. A DOMException goes by its name (`AbortError`), which is from a fixed list.
 */
export const exceptionType = (details: Pick<Details, 'exception'>): string => {
  if (!('exception' in details)) return 'none'
  const thrown: any = details.exception
  const type = typeof thrown === 'object' && thrown?.constructor?.name
  return typeLabel(type === 'DOMException' ? thrown.name : type || typeof thrown)
}
