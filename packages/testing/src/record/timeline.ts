import { seedInForce } from '../random.ts'

/** Says in a few words what a value is. */
export const describe = (value: unknown): string => {
  const text = value instanceof Error ? `${value.name}: ${value.message}` : typeof value === 'string' ? JSON.stringify(value) : kind(value)
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 100 ? `${line.slice(0, 99)}…` : line
}

const kind = (value: unknown): string => {
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value !== 'object' || value === null) return String(value)
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== 'Object' ? name : Array.isArray(value) ? 'Array' : 'Object'
}

/** Writes a time, to the microsecond. */
export const inMs = (ms: number): string => `${Math.round(ms * 1_000) / 1_000} ms`

/** Writes lines in columns: when, who, what; and the seed, when one is forced, so that the same can be had again. */
export const timeline = (lines: readonly { at: number; who: string; text: string }[]): string => {
  const times = lines.map(({ at }) => inMs(at))
  const width = Math.max(0, ...times.map(({ length }) => length))
  const whoWidth = Math.max(0, ...lines.map(({ who }) => who.length))
  const seed = seedInForce()
  return [
    ...lines.map(({ who, text }, i) => `${times[i]!.padStart(width)}  ${who.padEnd(whoWidth)}  ${text}`),
    ...(lines[0] ? [] : ['nothing was recorded: no call was made, or retries are disabled']),
    ...(seed === undefined ? [] : [`with seededRandom(${seed})`]),
  ].join('\n')
}
