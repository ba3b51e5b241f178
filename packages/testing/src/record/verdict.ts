import type { RecordedCall, Recording } from './recording.ts'

/** Whether something is so, and what to say about it when that is not what was wanted. */
export interface Verdict {
  readonly pass: boolean
  /** Says what there was. */
  readonly found: string
  readonly actual: unknown
}

/** What can be judged: all that was recorded, or one call of it. */
export type Subject = Recording | RecordedCall

const callsOf = (subject: Subject): readonly RecordedCall[] => ('calls' in subject ? subject.calls : [subject])

const name = (call: RecordedCall): string => call.name || 'an unnamed call'
const list = (calls: readonly RecordedCall[], say: (call: RecordedCall) => string): string =>
  calls.length === 0 ? 'there was no call' : calls.map((call) => `${name(call)} ${say(call)}`).join(', ')
const some = <T>(all: readonly T[], test: (one: T) => boolean): readonly T[] => (all.some(test) ? all.filter(test) : all)

/** Whether the calls that were retried made exactly so many tries; with no number, whether any was retried at all. */
export const judgeTries = (subject: Subject, tries: number | undefined): Verdict => {
  // Beside a retried call, one that went well at once is not what is asked about; nor is one that was cut off by the end of the function.
  const counted = tries === undefined ? callsOf(subject) : some(callsOf(subject), (call) => call.outcome !== 'running')
  const calls = some(counted, (call) => call.tries > 1)
  const counts = calls.map((call) => call.tries)
  return {
    pass: counts.length > 0 && counts.every((count) => (tries === undefined ? count > 1 : count === tries)),
    found: list(calls, (call) => `made ${call.tries}`),
    actual: counts.length === 1 ? counts[0] : counts,
  }
}

/** Whether any call failed; with an end, by that one. */
export const judgeFailure = (subject: Subject, end?: string): Verdict => {
  const calls = some(callsOf(subject), (call) => call.outcome === 'failure')
  const pass = calls.some((call) => call.outcome === 'failure' && (end === undefined || call.end === end))
  const how = ({ outcome, end }: RecordedCall): string => (outcome === 'failure' && end ? `failure (${end})` : outcome)
  return { pass, found: list(calls, (call) => `ended in ${how(call)}`), actual: calls.map((call) => (end === undefined ? call.outcome : call.end)) }
}

/** Whether the calls that waited did so for just these times. */
export const judgeWaits = (subject: Subject, waits: readonly unknown[], equal: (a: unknown, b: unknown) => boolean): Verdict => {
  const calls = some(callsOf(subject), (call) => call.waits.length > 0)
  return {
    pass: calls.length > 0 && calls.every((call) => equal(call.waits, waits)),
    found: list(calls, (call) => `waited [${call.waits.join(', ')}]`),
    actual: calls.length === 1 ? calls[0]!.waits : calls.map((call) => call.waits),
  }
}
