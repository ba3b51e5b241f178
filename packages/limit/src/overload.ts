import { read } from './read.ts'

/** How a call has ended: exactly one of the two is present, even when it is `undefined`. */
export interface Answer {
  /** What it returned. */
  readonly value?: any
  /** What it threw. */
  readonly exception?: any
}

/** Whether the status of an answer says "too much": 429 or 503. `undefined` where it has no status. */
export const overloadByStatus = ({ value, exception }: Answer): boolean | undefined => {
  const source = exception ?? value
  const status = read(source, 'status') ?? read(read(source, 'response'), 'status')
  return typeof status === 'number' ? status === 429 || status === 503 : undefined
}
