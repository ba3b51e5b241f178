import { type Clock, clock, type Details, type Plugin, use } from '@backon/core'
import { undo } from '@backon/core/kit'
import { inWords, type PluginEvent, pluginEvents, refusing } from './plugin-events.ts'
import type { RecordedAttempt, RecordedCall, RecordedEvent, Recording } from './recording.ts'
import { enter, inside } from '../scope.ts'
import { describe, inMs, timeline } from './timeline.ts'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
interface OpenCall extends Writable<RecordedCall> {
  attempts: Writable<RecordedAttempt>[]
  refusals: string[]
  waits: number[]
}

/** Starts a recording of the calls for which `mine` says so as they begin. */
const record = (mine: () => boolean): Recording => {
  const calls: OpenCall[] = []
  const events: RecordedEvent[] = []
  const lines: { at: number; who: string; text: string }[] = []
  const open = new Map<object, OpenCall>()
  /** Calls of which an event has told a refusal in the attempt under way: its error tells it again. */
  const told = new Set<OpenCall>()
  const origins = new Map<Clock, number>()

  const at = (): number => {
    const time = clock()
    if (!origins.has(time)) origins.set(time, time.now())
    return time.now() - origins.get(time)!
  }
  at()

  const tell = (who: string, text: string): void => void lines.push({ at: at(), who: who || '(unnamed)', text })
  const follow = <Facts extends Details>(act: (call: OpenCall, details: Facts) => void) => (details: Facts): void => {
    const call = open.get(details.call)
    if (call) act(call, details)
  }
  const ended = (outcome: RecordedCall['outcome'], text: (call: OpenCall) => string) =>
    follow((call, details) => {
      const { end, value, exception, reason } = details
      open.delete(details.call)
      told.delete(call)
      Object.assign(call, { outcome }, end && { end }, 'value' in details && { value }, 'exception' in details && { exception }, 'reason' in details && { reason })
      tell(call.name, text(call))
    })
  const inTries = ({ tries }: OpenCall): string => (tries === 1 ? '1 try' : `${tries} tries`)

  const heard = (event: PluginEvent) => (facts: any): void => {
    const call = open.get(facts.call)
    if (!call && !mine()) return
    events.push({ at: at(), event, facts, call })
    const { who, text } = inWords(event, facts)
    tell(who, text)
    if (!call) return
    if (event === 'onHedge') {
      call.copies++
      call.attempts.at(-1)!.copies++
    }
    const by = refusing[event]
    if (by) {
      call.refusals.push(by)
      told.add(call)
    }
  }

  const plugin: Plugin = {
    timeless: true,
    onAttempt({ call: key, name, tries }) {
      if (!open.has(key)) {
        if (!mine()) return
        const call: OpenCall = { name, outcome: 'running', attempts: [], tries: 0, copies: 0, refusals: [], waits: [] }
        open.set(key, call)
        calls.push(call)
      }
      const call = open.get(key)!
      call.tries = tries
      told.delete(call)
      call.attempts.push({ tries, at: at(), outcome: 'running', copies: 1 })
    },
    after: follow((call, details) => {
      const { tries, duration, value } = details
      const exception: any = details.exception
      const threw = 'exception' in details
      const refused = threw && exception?.refused === true
      // What an event has told already is not told twice.
      if (refused && !told.has(call)) call.refusals.push(String(exception.refusedBy ?? 'unknown'))
      Object.assign(call.attempts.at(-1)!, threw ? { outcome: refused ? 'refused' : 'threw', duration, exception } : { outcome: 'returned', duration, value })
      tell(call.name, `attempt ${tries} ${refused ? 'was refused:' : threw ? 'threw' : 'returned'} ${describe(threw ? exception : value)}`)
    }),
    onBackoff: follow((call, { wait }) => {
      call.waits.push(wait!)
      tell(call.name, `waits ${inMs(wait!)}`)
    }),
    onSuccess: ended('success', (call) => `success after ${inTries(call)}`),
    onGiveup: ended('failure', (call) => `gave up after ${inTries(call)}${call.end ? ` (${call.end})` : ''}`),
    onAbort: ended('aborted', (call) => {
      const last = call.attempts.at(-1)!
      const where = last.outcome === 'running' ? 'in' : 'in the wait after'
      if (last.outcome === 'running') last.outcome = 'aborted'
      return `aborted ${where} attempt ${call.tries}`
    }),
    ...Object.fromEntries(pluginEvents.map((event) => [event, heard(event)])),
  }
  const recording = { calls, events, toString: () => timeline(lines) }
  return Object.assign(undo(use(plugin)), recording)
}

/** Records what a function does, and hands over both: what came of it, and what was seen. */
export const recorded = <T>(run: () => T): { result: () => T; recording: Recording } => {
  const scope = {}
  const recording = record(() => inside(scope))
  try {
    const value = enter(scope, run)
    return { result: () => value, recording }
  } catch (error) {
    return {
      result: () => {
        throw error
      },
      recording,
    }
  }
}

/**
 * Records every call of the process that begins from now on, until it is undone: tries, hedged copies, refusals, waits and ends, with their
 * times. Calls of disabled retries tell nobody, so they are not in it.
 *
 * @example
 * ```ts
 * using recording = recordRetries()
 * await load()
 * recording.calls[0] // { name: 'load', outcome: 'success', end: 'success', tries: 3, copies: 0, refusals: [], waits: [100, 200], … }
 * console.log(String(recording)) // a line for each thing that happened
 * ```
 */
export const recordRetries = (): Recording => record(() => true)
