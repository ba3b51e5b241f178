import { type Attempt, type Clock, clock, emit, type Operation, type Plugin } from '@backon/core'
import { announce, arm, check, checkTarget, invalid, isThenable, type Level, nonNegative, optionsOf, type TimerHolder } from '@backon/core/kit'
import { LimitError } from './errors.ts'
import type { LimitHooks } from './hooks.ts'
import type { Answer } from './overload.ts'
import { openStorage, type Storage } from './storage.ts'

/** How many starts there may be, in how much time. */
export interface Rate {
  /** At most so many calls start in any `per` ms: an integer of 1 or more. */
  readonly calls: number
  /** Ms, above 0. */
  readonly per: number
  /** How many of them may start at once; fewer space them out: 1 starts one each `per / calls` ms. An integer from 1 to `calls`. Default `calls`. */
  readonly burst?: number | undefined
}

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

/** What to limit. At least one of `concurrency` and `rate` is needed. */
export interface LimitOptions extends LimitHooks {
  /** How many calls may run at once: an integer of 1 or more, or `aimd()`, which learns it. Default `Infinity`. */
  concurrency?: number | (() => Slots) | undefined
  /** How many calls may start in how much time: `{ calls: 100, per: 60_000 }`. Default no bound. */
  rate?: Rate | undefined
  /** How many calls may wait for their turn, first come, first served; further ones are refused at once. 0 or more. Default 0. */
  queue?: number | undefined
  /** How long one of them waits at most, in ms; who is known to wait longer is refused at once. Default `Infinity`. */
  maxWait?: number | undefined
  /** A slot that is held longer, in ms, is taken back when the next call comes: for workers that are killed while they hold one. Default `Infinity`. */
  maxHold?: number | undefined
  /** `'settled'` keeps the slot of an aborted attempt until its operation has really ended. Default `'aborted'`: it is free at once. */
  release?: 'aborted' | 'settled' | undefined
  /** Stands in errors, events and levels. Default `''`. */
  name?: string | undefined
}

/** One call: first in the queue, then with a slot. */
interface Ticket extends TimerHolder {
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

/** The slots that are held around a piece of code, of all limits that could make it wait for itself. */
let around: Storage<readonly Ticket[]> | undefined

/**
 * When the rate lets a call start that has so many others `ahead` of it, in ms of the clock; at the earliest, as those may be late. `calls`
 * starts fit into `per`, and `burst` starts into their share of it.
 */
const startsAt = ({ _rate, _starts, _count }: Limit, now: number, ahead: number): number => {
  let at = now
  if (_rate) {
    for (const size of [_rate.calls, _rate.burst]) {
      const window = (_rate.per * size) / _rate.calls
      const earlier = _starts[(_count + (ahead % size) - size) % _rate.calls] ?? -Infinity
      at = Math.max(at, Math.max(now, earlier + window) + Math.floor(ahead / size) * window)
    }
  }
  return at
}

/** @internal When a call has started last, in ms of the clock; where the rate has to know. */
export const lastStart = ({ _rate, _starts, _count }: Limit): number => (_rate && _starts[(_count - 1) % _rate.calls]) ?? -Infinity

const isFree = (limit: Limit, now: number): boolean => limit._held.size < limit._slots.size && startsAt(limit, now, 0) <= now

/** Reads the clock, and takes back what has been held for too long. */
const look = (limit: Limit): number => {
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

const take = (limit: Limit, ticket: Ticket, now: number): void => {
  limit._held.add(ticket)
  ticket._holds = true
  ticket._since = now
  ticket._began = limit._slots.begin?.()
  if (limit._rate) limit._starts[limit._count++ % limit._rate.calls] = now
}

const drop = (limit: Limit, ticket: Ticket): boolean => {
  ticket._holds = false
  return limit._held.delete(ticket)
}

/** Gives a slot back, once, to who comes next. */
const release = (limit: Limit, ticket: Ticket, answer: Answer): void => {
  const isFull = limit._held.size >= limit._slots.size
  if (!drop(limit, ticket)) return
  try {
    limit._slots.end?.(answer, isFull, ticket._began!)
  } finally {
    pump(limit)
  }
}

/** Lets those start whose turn it is. */
const pump = (limit: Limit): void => {
  const now = limit._queue.size ? look(limit) : 0
  for (const ticket of limit._queue) {
    // In its own context: a timer that is set in that of another call would end with that call, in a worker.
    if (!isFree(limit, now)) return ticket._nudge?.()
    unqueue(limit, ticket)
    take(limit, ticket, now)
    ticket._start!()
  }
}

const unqueue = (limit: Limit, ticket: Ticket): void => {
  limit._queue.delete(ticket)
  ticket._clock.clearTimeout(ticket.timer)
}

/** Lets one go that has waited in vain. */
const leave = (limit: Limit, ticket: Ticket, reason: unknown): void => {
  unqueue(limit, ticket)
  ticket._leave!(reason)
  pump(limit)
}

/** Sets the timer of one that waits: for the moment at which something can change without a slot being given back. */
const watch = (limit: Limit, ticket: Ticket): void => {
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
const heed = async (limit: Limit, ticket: Ticket): Promise<void> => {
  while (limit._queue.has(ticket)) {
    watch(limit, ticket)
    await new Promise<void>((resolve) => {
      ticket._nudge = resolve
    })
  }
}

/** Tells an event to the limit's own handlers, then to the plugins of the call. */
const tell = (limit: Limit, event: keyof LimitHooks, wait: number, attempt: Attempt | undefined): void => {
  const { name, running, queued } = limit
  const fact = { limit: name, running, queued, retryAfter: wait || undefined, call: attempt?.details.call, name: attempt?.details.name }
  emit(event, fact, [limit._options])
  emit(event, fact, attempt?.plugins)
}

const refuse = (limit: Limit, wait: number, attempt: Attempt | undefined, why?: string): LimitError => {
  const { name, running, queued } = limit
  tell(limit, 'onLimitReject', wait, attempt)
  return new LimitError(name, why ?? `is reached: ${running} running, ${queued} waiting${wait ? `, next start in ${Math.ceil(wait)} ms` : ''}`, wait || undefined)
}

/** Runs what has its slot. */
const hold = (limit: Limit, ticket: Ticket, operation: () => unknown): any => {
  const fail = (exception: unknown): never => {
    release(limit, ticket, { exception })
    throw exception
  }
  const succeed = (value: unknown): unknown => {
    release(limit, ticket, { value })
    return value
  }
  try {
    // It may have been aborted since its turn came.
    if (ticket._attempt?.aborted) throw ticket._attempt.reason
    const result: any = around && limit._options.queue ? around.run([...(around.getStore() ?? []).filter((other) => other._holds), ticket], operation) : operation()
    return isThenable(result) ? Promise.resolve(result).then(succeed, fail) : succeed(result)
  } catch (exception) {
    return fail(exception)
  }
}

/** Calls the operation when it is its turn: at once, or later where it may wait. */
const run = (limit: Limit, operation: () => unknown, attempt?: Attempt, mayWait = true): any => {
  const { _queue, _options: { queue, maxWait, release: when } } = limit
  const now = look(limit)
  // What is due, or was just taken back, is for those who wait.
  if (_queue.size) pump(limit)
  const ahead = _queue.size
  // Nobody is overtaken: as long as somebody waits, there is none free.
  const goes = isFree(limit, now)
  const wait = goes ? 0 : startsAt(limit, now, ahead) - now
  const time = clock()
  if (!goes) {
    const waitsForItself = around?.getStore()?.some((other) => limit._held.has(other))
    if (
      waitsForItself || !mayWait || ahead >= queue || wait > maxWait || (attempt?.deadline && time.now() + wait >= attempt.deadline) ||
      // A further copy of a hedge is an extra, and the first may be waiting right here.
      (attempt && attempt.copy > 1)
    ) throw refuse(limit, wait, attempt, waitsForItself ? 'would wait for itself: this call runs inside one that holds a slot of it' : undefined)
  }
  const ticket: Ticket = {
    _attempt: attempt, _clock: time, timer: undefined, _until: maxWait < Infinity ? time.now() + maxWait : maxWait, _due: Infinity,
    _since: now, _began: undefined, _holds: false, _start: undefined, _nudge: undefined, _leave: undefined,
  }
  const turn = goes || new Promise<void>((resolve, reject) => {
    ticket._start = resolve
    ticket._leave = reject
    _queue.add(ticket)
    void heed(limit, ticket)
  })
  if (goes) take(limit, ticket, now)
  attempt?.whenAborted((reason) => {
    if (_queue.has(ticket)) leave(limit, ticket, reason)
    else if (when !== 'settled') release(limit, ticket, { exception: reason })
  })
  if (turn === true) return hold(limit, ticket, operation)
  tell(limit, 'onLimitWait', wait, attempt)
  return turn.then(() => hold(limit, ticket, operation))
}

/** Checks a count: `Infinity` is one where it is allowed. */
const whole = (name: string, value: unknown, most = Infinity): void => {
  if (!(typeof value === 'number' && value >= 1 && value <= most && (value === most || value % 1 === 0))) invalid(name, `an integer ${most < 1e15 ? `from 1 to ${most}` : 'of 1 or more'}`, value)
}

/**
 * Lets only so many calls run at once (`concurrency`), or start in some time (`rate`), or both; see `limit()`, which makes it. One
 * object serves many functions: what is given to it shares its slots.
 *
 * @example
 * const waiting = (api: Limit) => `${api.running} running, ${api.queued} waiting`
 */
export class Limit implements Plugin {
  /** As given, or `''`. */
  declare readonly name: string
  /** It asks for no times of an attempt. */
  declare readonly timeless: true
  /** @internal */
  declare readonly _options: LimitOptions & { readonly queue: number; readonly maxWait: number; readonly maxHold: number }
  /** @internal */
  declare readonly _slots: Pick<Slots, 'size'> & Partial<Slots>
  /** @internal */
  declare readonly _rate: (Rate & { readonly burst: number }) | undefined
  /** @internal Whether time takes part in who may start. */
  declare readonly _timed: boolean
  /** @internal Those that wait, the first one first. */
  declare readonly _queue: Set<Ticket>
  /** @internal Those that have a slot, the oldest first. */
  declare readonly _held: Set<Ticket>
  /** @internal When the last calls started, as many as the rate needs to know: the start number n is at n modulo `calls`. */
  declare _starts: number[]
  /** @internal How many have started. */
  declare _count: number

  constructor(options: LimitOptions = {}) {
    const { concurrency = Infinity, rate, queue = 0, maxWait = Infinity, maxHold = Infinity, release, name = '' } = optionsOf('limit', options, ['concurrency', 'rate', 'queue', 'maxWait', 'maxHold', 'release', 'name', 'onLimitWait', 'onLimitReject'])
    const slots = typeof concurrency === 'function' ? concurrency() : { size: concurrency }
    whole('concurrency', slots.size)
    if (concurrency === Infinity && !rate) invalid('limit', 'given concurrency, rate or both', undefined)
    if (rate) {
      whole('rate.calls', rate.calls, 2 ** 53)
      whole('rate.burst', rate.burst ?? 1, rate.calls)
      if (!(rate.per > 0 && rate.per < Infinity)) invalid('rate.per', 'a number of ms above 0', rate.per)
    }
    nonNegative({ queue, maxWait, maxHold })
    if (release && release !== 'aborted' && release !== 'settled') invalid('release', '"aborted" or "settled"', release)
    check('string', { name })
    this.name = name
    this.timeless = true
    this._options = { ...options, queue, maxWait, maxHold }
    this._slots = slots
    this._rate = rate && { ...rate, burst: rate.burst ?? rate.calls }
    this._timed = !!rate || maxHold < Infinity
    this._queue = new Set()
    this._held = new Set()
    this._starts = []
    this._count = 0
    if (queue) around ??= openStorage()
    announce(this)
  }

  /** How many calls hold a slot. */
  get running(): number {
    return this._held.size
  }

  /** How many calls wait for their turn. */
  get queued(): number {
    return this._queue.size
  }

  /** The plugin: each attempt takes a slot, or waits for one, or is refused. */
  wrap<T>(next: Operation<T>): Operation<T> {
    return (attempt) => run(this, () => next(attempt), attempt, !attempt.sync)
  }

  /** Calls `fn(...args)` when it is its turn; rejects with a `LimitError` when it is refused, and `fn` is not called. */
  async call<Args extends unknown[], T>(fn: (...args: Args) => T | PromiseLike<T>, ...args: Args): Promise<T> {
    checkTarget(fn, 'fn')
    return run(this, () => fn(...args))
  }

  /** Calls `fn(...args)` and returns what it returns; throws a `LimitError` where it would have to wait. */
  callSync<Args extends unknown[], T>(fn: (...args: Args) => T, ...args: Args): T {
    checkTarget(fn, 'fn')
    return run(this, () => fn(...args), undefined, false)
  }

  /** Where it stands at this moment: for who shows levels. */
  level(): Level {
    const { running, queued, name } = this
    return { kind: 'limit', name, values: { running, queued }, severity: running + queued }
  }
}

/**
 * Makes a limit: a plugin, `use: [limit({ concurrency: 10 })]`, in which each attempt takes a slot; or alone, `.call(fn, ...args)`. A call holds
 * its slot until it settles, or until its attempt is aborted. Further calls wait in the order in which they came, `queue` of them; the
 * rest, and who would wait longer than `maxWait` or than the call's `maxTime`, is refused at once with a `LimitError`. No timer runs while nobody waits.
 * Throws for an unusable option.
 *
 * @example
 * const api = limit({ name: 'api', concurrency: 10, queue: 100, rate: { calls: 600, per: 60_000 } })
 * await retry(load, { use: [api] })
 */
export const limit = (options: LimitOptions): Limit => new Limit(options)
