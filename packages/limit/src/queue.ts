import { type Attempt, type Clock, clock, emit } from '@backon/core'
import { arm, type TimerHolder } from '@backon/core/kit'
import { LimitError } from './errors.ts'
import type { LimitHooks } from './hooks.ts'
import type { Answer } from './overload.ts'
import { lastStart, type Paced, startsAt } from './rate.ts'

/**
 * A number of slots that learns: what `aimd()` makes, or a rule of your own.
 *
 * @example
 * const atNight = (): Slots => ({ get size() { return new Date().getHours() < 6 ? 20 : 5 }, begin: () => 0, end() {} })
 */
export interface Slots {
  /** How many there are at the moment. */
  readonly size: number
  /** A call has taken one: what comes back is given to `end`. */
  begin(): number
  /** A call has ended: `full` says whether all slots were taken until then. */
  end(answer: Answer, full: boolean, began: number): void
}

/** One call: first in the queue, then with a slot. */
export interface Ticket extends TimerHolder {
  readonly _attempt: Attempt | undefined
  readonly _clock: Clock
  /** When it stops waiting, and when it looks again whether it can start, in ms of the clock. */
  readonly _until: number
  _due: number
  /** When it took its slot; what the slots said then; whether it still has it. */
  _since: number
  _began: number | undefined
  _holds: boolean
  /** Lets it start: it has its slot. */
  _start: (() => void) | undefined
  /** Asks it to set its timer anew, as it is the first in the queue now. */
  _nudge: (() => void) | undefined
  /** Lets it go without. */
  _leave: ((reason: unknown) => void) | undefined
}

/** What waits and what runs: the inside of a limit. */
export interface Lane extends Paced {
  readonly name: string
  readonly running: number
  readonly queued: number
  readonly _options: LimitHooks & { readonly maxHold: number }
  readonly _slots: Pick<Slots, 'size'> & Partial<Slots>
  /** Whether time takes part in who may start. */
  readonly _timed: boolean
  /** Those that wait, the first one first. */
  readonly _queue: Set<Ticket>
  /** Those that have a slot, the oldest first. */
  readonly _held: Set<Ticket>
}

export const isFree = (limit: Lane, now: number): boolean => limit._held.size < limit._slots.size && startsAt(limit, now, 0) <= now

/** Reads the clock, and takes back what has been held for too long. */
export const look = (limit: Lane): number => {
  if (!limit._timed) return 0
  const now = clock().now()
  const ahead = lastStart(limit) - now
  // The clock went back: what was long ago stays so.
  if (ahead > 0) limit._starts = limit._starts.map((start) => start - ahead)
  for (const ticket of limit._held) {
    if (now - ticket._since < limit._options.maxHold) break
    drop(limit, ticket)
  }
  return now
}

export const take = (limit: Lane, ticket: Ticket, now: number): void => {
  // A rule that throws gives no slot.
  ticket._began = limit._slots.begin?.()
  limit._held.add(ticket)
  ticket._holds = true
  ticket._since = now
  if (limit._rate) limit._starts[limit._count++ % limit._rate.calls] = now
}

const drop = (limit: Lane, ticket: Ticket): boolean => {
  ticket._holds = false
  return limit._held.delete(ticket)
}

/** Gives a slot back, once, to who comes next. */
export const release = (limit: Lane, ticket: Ticket, answer: Answer): void => {
  const held = limit._held.size
  if (!drop(limit, ticket)) return
  try {
    limit._slots.end?.(answer, held >= limit._slots.size, ticket._began!)
  } finally {
    pump(limit)
  }
}

/** Lets those start whose turn it is. */
export const pump = (limit: Lane): void => {
  const now = limit._queue.size ? look(limit) : 0
  for (const ticket of limit._queue) {
    try {
      // In its own context: a timer that is set in that of another call would end with that call, in a worker.
      if (!isFree(limit, now)) return ticket._nudge?.()
      unqueue(limit, ticket)
      take(limit, ticket, now)
      ticket._start!()
    } catch (fault) {
      // Of a rule that somebody has written: it is for who has asked for a slot, not for who has given one back.
      unqueue(limit, ticket)
      ticket._leave!(fault)
    }
  }
}

const unqueue = (limit: Lane, ticket: Ticket): void => {
  limit._queue.delete(ticket)
  ticket._clock.clearTimeout(ticket.timer)
}

/** Lets one go that has waited in vain. */
export const leave = (limit: Lane, ticket: Ticket, reason: unknown): void => {
  unqueue(limit, ticket)
  ticket._leave!(reason)
  pump(limit)
}

/** Sets the timer of one that waits: for the moment at which something can change without a slot being given back. */
const watch = (limit: Lane, ticket: Ticket): void => {
  const now = ticket._clock.now()
  const [first] = limit._queue
  const [oldest] = limit._held
  // Of those behind the first, who was too early sleeps as if it were the last: it only stands in for those ahead that are gone.
  const at = startsAt(limit, now, first === ticket ? 0 : limit._queue.size - 1)
  const due = Math.min(ticket._until, at > now ? at : oldest ? oldest._since + limit._options.maxHold : Infinity)
  if (due === ticket._due) return
  ticket._clock.clearTimeout(ticket.timer)
  ticket._due = due
  if (due < Infinity) {
    arm(ticket, ticket._clock, Math.max(due - now, 0), () => {
      ticket._due = NaN
      pump(limit)
      if (!limit._queue.has(ticket)) return
      if (due < ticket._until) return watch(limit, ticket)
      unqueue(limit, ticket)
      const now = look(limit)
      leave(limit, ticket, refuse(limit, startsAt(limit, now, limit._queue.size) - now, ticket._attempt))
    })
  }
}

/** Looks after the timer of one that waits, as often as it is asked to. */
export const heed = async (limit: Lane, ticket: Ticket): Promise<void> => {
  while (limit._queue.has(ticket)) {
    watch(limit, ticket)
    await new Promise<void>((resolve) => {
      ticket._nudge = resolve
    })
  }
}

/** Tells an event to the limit's own handlers, then to the plugins of the call. */
export const tell = (limit: Lane, event: keyof LimitHooks, wait: number, attempt: Attempt | undefined): void => {
  const { name, running, queued } = limit
  const fact = { limit: name, running, queued, retryAfter: wait || undefined, call: attempt?.details.call, name: attempt?.details.name }
  emit(event, fact, [limit._options])
  emit(event, fact, attempt?.plugins)
}

export const refuse = (limit: Lane, wait: number, attempt: Attempt | undefined, why?: string): LimitError => {
  const { name, running, queued } = limit
  tell(limit, 'onLimitReject', wait, attempt)
  return new LimitError(name, why ?? `is reached: ${running} running, ${queued} waiting${wait ? `, next start in ${Math.ceil(wait)} ms` : ''}`, wait || undefined)
}
