import { NonRetryableError, TimeoutError, TryAgain } from '../src/errors.ts'

/**
 * The reference of the loop, written from the documentation alone: one call in virtual time as one function that reads as section "The loop" of
 * the README, with a number for a clock and nothing asynchronous in it. Slow and obvious. What a scenario is, is plain data, so that a failing
 * one can be made smaller and printed.
 */

class A extends Error {}
class B extends Error {}

/** What attempts throw. By these names scenarios and traces speak of it. */
export const errors = {
  A: new A('a'),
  B: new B('b'),
  /** Is never retried. */
  N: Object.assign(new A('n'), { retryable: false }),
  NR: new NonRetryableError('nr'),
  /** Says: this attempt was never made. */
  Q: Object.assign(new A('q'), { refused: true, refusedBy: 'limit' }),
  R: Object.assign(new B('r'), { refused: true, refusedBy: 'circuit', retryable: false }),
  T: new TryAgain('t'),
  /** Says how long to wait. */
  H: Object.assign(new A('h'), { retryAfter: 17 }),
  U: undefined,
}
export type ErrorName = keyof typeof errors

/** What attempts return. `end` is what nothing asks to be retried. */
export const values = { v: 'v', w: 'w', nothing: undefined, end: 'end' }
export type ValueName = keyof typeof values

export const classes = { A, B }
export const reason = new Error('the caller aborts')
export const fault = new Error('a callback is broken')

export const events = ['onAttempt', 'before', 'after', 'onSuccess', 'beforeSleep', 'onBackoff', 'onGiveup'] as const
export type Event = (typeof events)[number]

/** What the caller has written, and may therefore abort or throw. */
export type Callback = Event | 'operation' | 'condition' | 'predicate' | 'giveup' | 'wait' | 'stop' | 'pluginStop' | 'retryErrorCallback'

/** What an attempt does: after `takes` ms, during which it blocks the thread or not, it throws or returns. `hang` never answers. */
export interface Step {
  does: ErrorName | ValueName | 'hang'
  takes: number
  blocks: boolean
}

export type WaitPlan =
  | { kind: 'number'; ms: number }
  | { kind: 'list'; ms: readonly number[] }
  /** A function of the caller's: `base + times * tries`, and the wait before where it `carries`; run out after `until` tries; a `bad` answer at one of them. */
  | { kind: 'own'; base: number; times: number; carries: boolean; until: number | undefined; mark: undefined | 'spread' | 'exact' | 'composite'; finite: boolean; bad: undefined | { at: number; is: number } }
  | { kind: 'constant'; ms: number | readonly number[] }
  | { kind: 'expo'; factor: number; maxValue: number }
  | { kind: 'random'; min: number; max: number }
  /** `waitSum(a, constant(b))` */
  | { kind: 'sum'; a: number | readonly number[]; b: number }
  /** `waitChain(a, constant(b))` */
  | { kind: 'chain'; a: readonly number[]; b: number | readonly number[] }
  | { kind: 'waitException'; ms: number }
  | { kind: 'retryAfter'; fallback: number }

/** A call as plain data. */
export interface Scenario {
  /** The attempts, one after the other; any further one returns `end` after 1 ms. */
  steps: readonly Step[]
  wait: WaitPlan
  jitter: undefined | null | 'plus one' | 'half'
  exception: undefined | readonly ('A' | 'B')[]
  predicate: undefined | readonly ValueName[]
  condition: undefined | readonly (ErrorName | ValueName)[]
  giveup: undefined | Partial<Record<ErrorName, true | number | null | undefined>>
  maxTries: undefined | number
  maxTime: undefined | number
  /** Whether `maxTries` and `maxTime` are given as functions. */
  lazy: boolean
  /** From how many tries on `stop` says enough. */
  stop: undefined | number
  pluginStop: undefined | { from: number; says: true | 'refused' }
  enabled: undefined | boolean
  raiseOnGiveup: undefined | boolean
  /** What gives the result instead: at once, or after some ms. */
  retryErrorCallback: undefined | 'at once' | number
  /** Sleeps some ms more than it is asked for. */
  sleep: undefined | { more: number }
  /** When the caller aborts: before the call, at a time, or in the n-th run of a callback. */
  abort: undefined | 'before' | { at: number } | { in: Callback; nth: number }
  /** Where a callback throws: in its n-th run. */
  fault: undefined | { in: Callback; nth: number }
  /** Handlers that return a promise: of so many ms. */
  slow: undefined | { in: readonly Event[]; ms: number }
  /** Whether the operation takes the signal of its attempt. */
  reads: boolean
  /** Who watches: without anybody the engine takes its shortest way. */
  handlers: boolean
  plugin: boolean
  /** Whether the hooks of the plugin that watches throw. */
  brokenPlugin: boolean
}

type Result = { exception: unknown } | { value: unknown }

const round = (ms: number): number => Math.round(ms * 1e6) / 1e6
const nameIn = (names: object, thing: unknown): string | undefined => Object.entries(names).find(([, one]) => one === thing)?.[0]

/** By what name a trace speaks of what was thrown. */
export const nameOf = (error: unknown): string => {
  if (error === reason) return 'reason'
  if (error === fault) return 'fault'
  if (error instanceof TimeoutError) return `TimeoutError(${'cause' in error ? outcomeName(error.cause) : ''})`
  if (error instanceof RangeError) return `RangeError ${/NaN|-\d+/.exec(error.message)?.[0] ?? error.message}`
  if (error instanceof DOMException) return error.name
  return nameIn(errors, error) ?? String(error)
}
const outcomeName = (thing: unknown): string => nameIn(errors, thing) ?? nameIn(values, thing) ?? String(thing)

/** A record as a trace shows it. */
export const shown = (record: object): string =>
  ['tries', 'elapsed', 'idleFor', 'duration', 'previousWait', 'value', 'exception', 'wait', 'end', 'reason']
    .filter((key) => (key === 'value' || key === 'exception' ? key in record : (record as any)[key] !== undefined))
    .map((key) => {
      const fact = (record as any)[key]
      return `${key}: ${typeof fact === 'number' ? round(fact) : key === 'exception' || key === 'reason' ? nameOf(fact) : String(fact)}`
    })
    .join(', ')

/** What the caller sees, what a plugin sees and what becomes of the attempts' signals are columns of their own: nothing says which comes first. */
export type Column = 'caller' | 'plugin' | 'signal'
/** A line of a trace. */
export const line = (now: number, who: Column, what: string, record: object = {}): string => `${who} | ${round(now)} ${what} ${shown(record)}`.trimEnd()

/** Something from outside ends what the call is doing. */
class Cut {
  constructor(readonly by: 'abort' | 'deadline' | 'nothing') {}
}

const half = (wait: number): number => wait / 2
export const jitters = { 'plus one': (wait: number): number => wait + 1, half }

/** The wait as the loop waits it, every draw being one half. */
const waitOf = ({ wait, jitter }: Scenario, { tries, previousWait, exception }: { tries: number; previousWait: number; exception?: any }, ask: () => void): number | undefined => {
  const spreads = (ms: number | undefined, unlessSaid: boolean): number | undefined =>
    ms === undefined || jitter === null ? ms : jitter === undefined ? (unlessSaid ? ms / 2 : ms) : jitters[jitter](ms)
  const written = (ms: number | undefined): number | undefined => spreads(ms, false)
  const spread = (ms: number | undefined): number | undefined => spreads(ms, true)
  const nth = (ms: number | readonly number[], n: number): number | undefined => (typeof ms === 'number' ? ms : ms[n - 1])
  switch (wait.kind) {
    case 'number':
    case 'list':
      return written(nth(wait.ms, tries))
    case 'own': {
      ask()
      if (tries === wait.bad?.at) throw new RangeError(`got ${wait.bad.is}`)
      if (tries > (wait.until ?? Infinity)) return undefined
      const ms = wait.base + wait.times * tries + (wait.carries ? previousWait : 0)
      if (wait.mark === 'composite') return ms + (jitter === undefined ? 1 : jitter === null ? 2 : jitters[jitter](ms))
      return wait.mark === 'exact' ? ms : wait.mark === 'spread' ? spread(ms) : written(ms)
    }
    case 'constant':
      return spread(nth(wait.ms, tries))
    case 'expo':
      return spread(Math.min(wait.factor * 2 ** (tries - 1), wait.maxValue))
    case 'random':
      return wait.min + (wait.max - wait.min) / 2
    case 'sum': {
      const a = written(nth(wait.a, tries))
      return a === undefined ? undefined : a + spread(wait.b)!
    }
    case 'chain':
      return tries <= wait.a.length ? written(wait.a[tries - 1]) : spread(nth(wait.b, tries - wait.a.length))
    case 'waitException':
      return exception === undefined ? 0 : wait.ms
    case 'retryAfter':
      return exception?.retryAfter ?? spread(wait.fallback)
  }
}

/** Whether a wait runs out by the number of tries alone, which is bound enough. */
const isFinite = (wait: WaitPlan): boolean =>
  ({ list: true, own: 'finite' in wait && wait.finite, constant: 'ms' in wait && typeof wait.ms === 'object', sum: 'a' in wait && typeof wait.a === 'object', chain: 'b' in wait && typeof wait.b === 'object' } as Record<string, boolean>)[wait.kind] ?? false

/** What a call does: every line of its trace. In a `loop`, with an operation that is `bare`: given its own arguments instead of the attempt. */
export const model = (scenario: Scenario, { sync = false, loop: inLoop = false, bare = false }: { sync?: boolean; loop?: boolean; bare?: boolean } = {}): string[] => {
  const { condition, exception, predicate, giveup, abort, fault: broken, slow } = scenario
  const lines: string[] = []
  const enabled = scenario.enabled !== false
  const bounded = scenario.maxTime !== undefined || scenario.stop !== undefined || isFinite(scenario.wait)
  const maxTries = scenario.maxTries ?? (bounded ? Infinity : 3)
  const maxTime = scenario.maxTime ?? Infinity
  const abortAt = typeof abort === 'object' && 'at' in abort ? abort.at : Infinity

  let now = 0
  let tries = 0
  let elapsed = 0
  let idleFor = 0
  let previousWait = 0
  let duration: number | undefined
  let last: Result | undefined
  /** What had happened, by the end of the last attempt that did: an abort leaves it as it was. */
  let kept: object = {}
  /** When the attempt that is running was begun: cut off, it has taken so long. */
  let since: number | undefined
  let ran = 0
  /** Between two turns of a loop no `run` is there to give the result. */
  let noTurn = false
  /** What may still cut something short. */
  let deadline = sync || !enabled ? Infinity : maxTime
  let aborted = false
  /** When the abort was heard, which is when it is told: an operation that blocks the thread may go on long after. */
  let heard: number | undefined
  let ended = false
  let deciding = false
  const runs: Partial<Record<Callback, number>> = {}

  /** The signals that were taken and have not aborted. */
  let live: number[] = []
  const abortSignal = (of: number, why: unknown, at = now): void => {
    if (live.includes(of)) lines.push(line(at, 'signal', `of attempt ${of} aborts: ${nameOf(why)}`))
    live = live.filter((one) => one !== of)
  }

  const facts = (more: object = {}): any => ({ tries, elapsed, idleFor, duration, previousWait, ...last, ...more })

  /** Time goes by, unless something comes between. */
  const pass = (ms: number): void => {
    if (ended && aborted) return
    const cut = sync || ms === 0 ? Infinity : Math.min(abortAt, deadline)
    if (cut >= now + ms && ms < Infinity) return void (now += ms)
    if (cut === Infinity) throw new Cut('nothing')
    now = Math.max(now, cut)
    // Whoever aborts now is not kept waiting; the ending stands.
    if (ended) return void ([aborted, heard] = [true, now])
    throw new Cut(abortAt < deadline ? 'abort' : 'deadline')
  }
  /** Code of the caller's runs: it may abort, or throw (after `ms`, where it returns a promise). */
  const run = (callback: Callback, ms?: number): void => {
    const nth = (runs[callback] = (runs[callback] ?? 0) + 1)
    if (typeof abort === 'object' && 'in' in abort && abort.in === callback && abort.nth === nth) {
      aborted = true
      heard = now
    }
    const throws = broken?.in === callback && broken.nth === nth
    // A decision that has begun is made to its end: its callbacks are asked, and answer, at once.
    if (!deciding) attend()
    if (throws && ms === undefined) throw fault
    if (ms === undefined) return
    pass(ms)
    if (throws && !(ended && aborted)) throw fault
  }
  /** The caller's abort counts at once, but not for an ending that is being told. */
  const attend = (): void => {
    if (aborted && !ended) throw new Cut('abort')
  }
  /** The handlers of the call, then those who watch; but an ending is told to these whatever the handlers do. */
  const tell = (event: Event, record: object): void => {
    const tellPlugin = (): void => void (scenario.plugin && lines.push(line(now, 'plugin', event, record)))
    if (ended) tellPlugin()
    if (scenario.handlers) {
      lines.push(line(now, 'caller', event, record))
      run(event, slow?.in.includes(event) && !sync ? slow.ms : undefined)
    }
    if (!ended) tellPlugin()
  }
  /** What a decision asks, unless it is thrown away already. */
  const ask = (callback: Callback, about: object | string): void => {
    if (!aborted) lines.push(line(now, 'caller', typeof about === 'string' ? `asks ${callback} ${about}` : `asks ${callback}`, typeof about === 'string' ? {} : about))
    run(callback)
  }
  /** Does something that the deadline may cut short. Says whether it did. */
  const cutByDeadline = (action: () => void): boolean => {
    try {
      action()
      return false
    } catch (cut) {
      if (!(cut instanceof Cut) || cut.by !== 'deadline') throw cut
      deadline = Infinity
      return true
    }
  }

  const succeed = (): Result => {
    ended = true
    deadline = Infinity
    tell('onSuccess', facts({ end: 'success' }))
    return last!
  }
  const giveUp = (end: string, matched: boolean): Result => {
    ended = true
    deadline = Infinity
    const record = facts({ end })
    tell('onGiveup', record)
    if (!matched) return last!
    if (scenario.retryErrorCallback !== undefined) {
      lines.push(line(now, 'caller', 'retryErrorCallback', record))
      const takes = sync || scenario.retryErrorCallback === 'at once' ? undefined : scenario.retryErrorCallback
      run('retryErrorCallback', takes)
      return takes !== undefined && aborted ? { exception: reason } : { value: 'instead' }
    }
    return 'exception' in last! && scenario.raiseOnGiveup === false ? { value: undefined } : last!
  }
  const step = (): Step => scenario.steps[tries - 1] ?? { does: 'end', takes: 1, blocks: false }

  /** The operation: by the end of it there is an outcome. */
  const operate = (lastWasValue: boolean): Result => {
    const { does, takes, blocks } = step()
    ran += 1
    // A value that was not the result is let go.
    if (lastWasValue) abortSignal(tries - 1, new DOMException('', 'AbortError'))
    if (scenario.reads && !bare) live.push(tries)
    if (enabled && scenario.plugin) lines.push(line(now, 'plugin', `attempt ${tries}`))
    lines.push(line(now, 'caller', `attempt ${tries}`))
    if (sync || blocks) {
      try {
        run('operation')
      } finally {
        now += takes
      }
      attend()
    } else {
      run('operation')
      pass(does === 'hang' ? Infinity : takes)
    }
    return does in errors ? { exception: errors[does as ErrorName] } : { value: values[does as ValueName] }
  }

  const isRetried = (): boolean => {
    const { does } = step()
    if (condition) {
      ask('condition', facts())
      return condition.includes(does as ErrorName)
    }
    if ('exception' in last!) {
      if ((last.exception as any)?.retryable === false) return false
      return exception ? exception.some((name) => (last as any).exception instanceof classes[name]) : !predicate
    }
    if (!predicate) return false
    ask('predicate', does)
    return predicate.includes(does as ValueName)
  }

  /** The wait before the next attempt, or how the call ends. */
  const decide = (overdue: boolean): number | (() => Result) => {
    const failed = 'exception' in last!
    let wait: number | undefined
    if (step().does !== 'T') {
      const retried = isRetried()
      if (!retried) return failed ? () => giveUp((last as any).exception?.refused === true ? 'refused' : 'fatal', false) : succeed
      if (failed && giveup) {
        ask('giveup', step().does)
        const answer = giveup[step().does as ErrorName]
        if (answer === true) return () => giveUp('giveup', true)
        wait = answer ?? undefined
      }
    }
    if (wait === undefined || isFinite(scenario.wait)) {
      const strategic = waitOf(scenario, facts(), () => run('wait'))
      if (strategic === undefined) return () => giveUp('exhausted', true)
      wait ??= strategic
    }
    if (tries >= maxTries) return () => giveUp('tries', true)
    if (elapsed + wait! >= maxTime) return () => giveUp('time', true)
    if (scenario.stop !== undefined) {
      ask('stop', facts({ wait }))
      if (tries >= scenario.stop) return () => giveUp('stop', true)
    }
    const { plugin, pluginStop } = scenario
    if (plugin && pluginStop) {
      ask('pluginStop', facts({ wait }))
      if (tries >= pluginStop.from) return () => giveUp(pluginStop.says === true ? 'stop' : 'refused', true)
    }
    // The record does not grow. That the time has passed since it was made counts last.
    if (overdue) return () => giveUp('time', true)
    return wait!
  }

  const loop = (): Result => {
    for (;;) {
      // The attempt.
      const before = last
      const took = duration
      tries += 1
      const began = now
      elapsed = now
      duration = undefined
      last = undefined
      let timedOut = false
      if (enabled) {
        timedOut = cutByDeadline(() => {
          tell('onAttempt', facts())
          tell('before', facts())
          since = began
          last = operate(before !== undefined && 'value' in before)
        })
      } else last = operate(before !== undefined && 'value' in before)
      if (!enabled) return last!
      if (timedOut && ran < tries) {
        // The operation did not come to run: that is no attempt. The call ends with what it has.
        tries = ran
        if (!before) {
          last = { exception: new TimeoutError() }
          elapsed = duration = now
        } else [last, elapsed, duration] = [before, began, took]
        noTurn = true
        return giveUp('time', true)
      }
      if (timedOut) last = { exception: new TimeoutError('', { cause: before && 'exception' in before ? before.exception : undefined }) }
      if (timedOut) abortSignal(tries, (last as any).exception)

      // Its outcome.
      since = undefined
      elapsed = now
      duration = now - began
      kept = { duration, ...last }
      const overdue = cutByDeadline(() => tell('after', facts()))
      if (timedOut) return giveUp('time', true)

      deciding = true
      let decision
      try {
        decision = decide(overdue)
      } finally {
        deciding = false
        attend()
      }
      if (typeof decision !== 'number') return decision()
      const wait = decision

      // The wait.
      const late = cutByDeadline(() => {
        tell('beforeSleep', facts({ wait }))
        tell('onBackoff', facts({ wait }))
        noTurn = true
        pass(wait! + (scenario.sleep?.more ?? 0))
        noTurn = false
      })
      if (late) return giveUp('time', true)
      idleFor += wait!
      previousWait = wait!
    }
  }

  if (abort === 'before') return [line(0, 'caller', 'rejects with reason')]
  try {
    const end = loop()
    lines.push(line(now, 'caller', 'value' in end ? `resolves with ${String(inLoop && noTurn ? undefined : end.value)}` : `rejects with ${nameOf(end.exception)}`))
  } catch (error) {
    if (error instanceof Cut && error.by === 'nothing') return [...lines, line(now, 'caller', 'hangs')]
    const why = error instanceof Cut ? reason : error
    // A value that will not be the result is let go; of an attempt that failed nothing is aborted.
    if (!(error instanceof Cut) && !ended && 'value' in kept) abortSignal(ran, why)
    if (!ended && enabled && scenario.plugin) lines.push(line(heard ?? now, 'plugin', 'onAbort', { tries: ran, elapsed: heard ?? now, idleFor, previousWait, ...kept, ...(since !== undefined && { duration: (heard ?? now) - since }), end: 'abort', reason: why }))
    lines.push(line(now, 'caller', `rejects with ${nameOf(why)}`))
  }
  // Signals follow the caller, also after the call.
  for (const one of live) if (abort !== undefined && (heard ?? abortAt) < Infinity) abortSignal(one, reason, heard ?? Math.max(abortAt, now))
  return lines
}
