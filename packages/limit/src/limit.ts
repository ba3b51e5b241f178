import { type Attempt, clock, type Operation, type Plugin } from '@backon/core'
import { announce, check, checkTarget, invalid, isThenable, type Level, nonNegative, optionsOf } from '@backon/core/kit'
import type { LimitHooks } from './hooks.ts'
import { heed, isFree, type Lane, leave, look, pump, refuse, release, type Slots, take, tell, type Ticket } from './queue.ts'
import { type Rate, startsAt } from './rate.ts'
import { openStorage, type Storage } from './storage.ts'

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

/** The slots that are held around a piece of code, of all limits that could make it wait for itself. */
let around: Storage<readonly Ticket[]> | undefined

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
  declare readonly _slots: Lane['_slots']
  /** @internal */
  declare readonly _rate: Lane['_rate']
  /** @internal */
  declare readonly _timed: boolean
  /** @internal */
  declare readonly _queue: Set<Ticket>
  /** @internal */
  declare readonly _held: Set<Ticket>
  /** @internal */
  declare _starts: number[]
  /** @internal */
  declare _count: number

  constructor(options: LimitOptions = {}) {
    const { concurrency = Infinity, rate, queue = 0, maxWait = Infinity, maxHold = Infinity, release, name = '' } = optionsOf('limit', options, ['concurrency', 'rate', 'queue', 'maxWait', 'maxHold', 'release', 'name', 'onLimitWait', 'onLimitReject'])
    const slots = typeof concurrency === 'function' ? concurrency() : { size: concurrency }
    whole('concurrency', slots?.size)
    if (concurrency === Infinity && !rate) invalid('limit', 'given concurrency, rate or both', undefined)
    check('object', { rate })
    if (rate) {
      whole('rate.calls', rate.calls, 2 ** 53)
      whole('rate.burst', rate.burst ?? 1, rate.calls)
      if (!(typeof rate.per === 'number' && rate.per > 0 && rate.per < Infinity)) invalid('rate.per', 'a number of ms above 0', rate.per)
    }
    nonNegative({ queue, maxWait, maxHold })
    if (release != null && release !== 'aborted' && release !== 'settled') invalid('release', '"aborted" or "settled"', release)
    check('string', { name })
    // oxlint-disable-next-line typescript/unbound-method -- looked at, not called
    check('function', { onLimitWait: options.onLimitWait, onLimitReject: options.onLimitReject })
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
