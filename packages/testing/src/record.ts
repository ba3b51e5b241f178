import { type Clock, clock, type Details, type Plugin, type Undo, use } from '@backon/core'
import { enter, inside } from './scope.ts'
import { describe, inMs, timeline } from './timeline.ts'
import { undo } from '@backon/core/kit'

/** One run of an operation. Times are in ms. */
export interface RecordedAttempt {
  /** The first is 1. */
  readonly tries: number
  /** When it began, since the recording began (or since the recording first saw the clock in question). */
  readonly at: number
  readonly outcome: 'running' | 'returned' | 'threw' | 'aborted'
  readonly duration?: number
  readonly value?: unknown
  readonly exception?: unknown
}

/** One call, with all that happened in it so far. */
export interface RecordedCall {
  readonly name: string
  /** `'failure'`: it gave up, or met what is not retried. */
  readonly outcome: 'running' | 'success' | 'failure' | 'aborted'
  readonly attempts: readonly RecordedAttempt[]
  /** Attempts begun. */
  readonly tries: number
  /** What was waited between the attempts, as decided, in ms. */
  readonly waits: readonly number[]
  /** What it ended with: exactly one of the two is there, even when it is `undefined`, once it has ended. */
  readonly value?: unknown
  readonly exception?: unknown
}

/** What a plugin had to say: a breaker or a hedge. */
export interface RecordedEvent {
  readonly at: number
  /** As the hook is called: `'onCircuitOpen'`, `'onHedgeWin'`. */
  readonly event: (typeof pluginEvents)[number]
  readonly facts: Readonly<Record<string, any>>
  /** The call it happened in, if it was in one. */
  readonly call: RecordedCall | undefined
}

/** What was seen, growing until it is undone. */
export interface Recording extends Undo {
  /** In the order they began. Calls of disabled retries are not among them: they tell nobody. */
  readonly calls: readonly RecordedCall[]
  /** Circuit and hedge events, in order. */
  readonly events: readonly RecordedEvent[]
  /** All of it as text, a line for each thing that happened. */
  toString(): string
}

/** A line of the timeline. */
export interface Line {
  readonly at: number
  readonly who: string
  readonly text: string
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
interface OpenCall extends Writable<RecordedCall> {
  attempts: Writable<RecordedAttempt>[]
  waits: number[]
}

// Known by name only: neither package need be there.
const pluginEvents = ['onCircuitOpen', 'onCircuitHalfOpen', 'onCircuitClose', 'onCircuitReject', 'onHedge', 'onHedgeWin'] as const

/** Starts a recording of the calls for which `mine` says so as they begin. */
const record = (mine: () => boolean): Recording => {
  const calls: OpenCall[] = []
  const events: RecordedEvent[] = []
  const lines: Line[] = []
  const open = new Map<object, OpenCall>()
  const origins = new Map<Clock, number>()

  const at = (): number => {
    const time = clock()
    if (!origins.has(time)) origins.set(time, time.now())
    return time.now() - origins.get(time)!
  }
  at()

  const tell = (who: string, text: string): void => void lines.push({ at: at(), who: who || '(unnamed)', text })
  const follow = (act: (call: OpenCall, details: Details) => void) => (details: Details): void => {
    const call = open.get(details.call)
    if (call) act(call, details)
  }
  const ended = (outcome: RecordedCall['outcome'], text: (call: OpenCall) => string) =>
    follow((call, details) => {
      open.delete(details.call)
      Object.assign(call, { outcome }, 'exception' in details ? { exception: details.exception } : { value: details.value })
      tell(call.name, text(call))
    })
  const tries = (call: OpenCall): string => (call.tries === 1 ? '1 try' : `${call.tries} tries`)

  const plugin: Plugin = {
    timeless: true,
    onAttempt({ call: key, name, tries }) {
      if (!open.has(key)) {
        if (!mine()) return
        const call: OpenCall = { name, outcome: 'running', attempts: [], tries: 0, waits: [] }
        open.set(key, call)
        calls.push(call)
      }
      const call = open.get(key)!
      call.tries = tries
      call.attempts.push({ tries, at: at(), outcome: 'running' })
    },
    after: follow((call, details) => {
      const { tries, duration, value, exception } = details
      const threw = 'exception' in details
      Object.assign(call.attempts.at(-1)!, threw ? { outcome: 'threw', duration, exception } : { outcome: 'returned', duration, value })
      tell(call.name, `attempt ${tries} ${threw ? 'threw' : 'returned'} ${describe(threw ? exception : value)}`)
    }),
    onBackoff: follow((call, { wait }) => {
      call.waits.push(wait!)
      tell(call.name, `waits ${inMs(wait!)}`)
    }),
    onSuccess: ended('success', (call) => `success after ${tries(call)}`),
    onGiveup: ended('failure', (call) => `gave up after ${tries(call)}`),
    onAbort: ended('aborted', (call) => {
      const last = call.attempts.at(-1)!
      if (last.outcome === 'running') last.outcome = 'aborted'
      return `aborted in attempt ${call.tries}`
    }),
    ...Object.fromEntries(
      pluginEvents.map((event) => [
        event,
        (facts: any): void => {
          const call = open.get(facts.call)
          if (!call && !mine()) return
          events.push({ at: at(), event, facts, call })
          if ('copy' in facts) tell(facts.name, event === 'onHedge' ? `hedge: copy ${facts.copy} starts` : `hedge: copy ${facts.copy} has won`)
          else tell(`circuit ${JSON.stringify(facts.breaker)}`, event === 'onCircuitReject' ? `refuses a call while ${facts.to}` : `${facts.from} → ${facts.to}`)
        },
      ]),
    ),
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

/** Records every call of the process that begins from now on, until it is undone. */
export const recordRetries = (): Recording => record(() => true)
