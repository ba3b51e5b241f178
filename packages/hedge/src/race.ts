import { type Attempt, clock, emit, fork, type Hooks, TimeoutError } from '@backon/core'
import { arm, isThenable, property, retryAfterOf, type TimerHolder } from '@backon/core/kit'
import { HedgeLostError } from './error.ts'
import { follow } from './follow.ts'
import { facts } from './hooks.ts'
import type { Plan } from './options.ts'
import { close, count, delay, giveBack, type Pace, pay, whenDue } from './pace.ts'

/** What has come of a copy, or of the whole race. */
interface Outcome {
  readonly _failed: boolean
  readonly _result: any
  /** Absent when it is no copy's: an abort, the timeout, an error in one of the caller's own functions. */
  readonly _copy?: Attempt
  /** If no copy answers, the last of the highest rank comes out: a refusal 0, what a copy has said 1, with a hint when to come back 2. */
  readonly _rank?: number
}

/**
 * One hedged attempt. A copy is sent, may wait for `onHedge`, and is then out until it answers, fails or is refused. The race is over with
 * the first answer, or when nothing is left to wait for; what comes then is late.
 */
interface Race extends Pace {
  readonly _next: (attempt: Attempt) => unknown
  /** The copies that have run; only those that are out are still in their places. */
  readonly _copies: (Attempt | undefined)[]
  _out: number
  /** When the first copy began, as long as something can be learned from it. */
  _began: number | undefined
  /** What comes out if no copy answers. */
  _best: Outcome | undefined
  /** What has come out: the race is over. */
  _end: Outcome | undefined
  /** Settles the promise, and takes back timers and listeners; absent in the first microtask. */
  _settle: ((end: Outcome) => void) | undefined
}

const soon = /* @__PURE__ */ Promise.resolve()

/** Hedges one attempt. What synchronous copies decide is returned or thrown at once. */
export const run = (plan: Plan, next: (attempt: Attempt) => unknown, attempt: Attempt): any => {
  const race: Race = {
    _plan: plan, _next: next, _attempt: attempt, _clock: clock(),
    _sent: 0, _most: plan.maxHedge, _waiting: 0, _wait: undefined, _asked: false, _closed: false, _timer: undefined,
    _copies: [], _out: 0, _began: undefined, _best: undefined, _end: undefined, _settle: undefined,
  }
  plan._earn()
  advance(race, send(race))
  if (race._end) return answer(race._end)
  // Setting and clearing a timer costs more than all the rest, and who answers within this microtask needs none.
  const promise = soon.then(() => (race._end ? answer(race._end) : watch(race)))
  // Told right before the value is taken: if the attempt was aborted since a copy won, nobody takes it.
  if (plan.onDiscard) promise.then((value) => attempt.aborted && discard(race, value), () => {})
  return promise
}

const answer = ({ _failed, _result }: Outcome): unknown => {
  if (_failed) throw _result
  return _result
}

/** From now on there are timers, and the attempt is listened to. */
const watch = (race: Race): Promise<unknown> => {
  const { _attempt, _clock, _plan: { timeout } } = race
  const deadline: TimerHolder = { _timer: undefined }
  const cutBy = (reason: unknown): void => cut(race, reason)
  return new Promise((resolve, reject) => {
    let unlisten: (() => void) | undefined
    race._settle = ({ _failed, _result }) => {
      _clock.clearTimeout(deadline._timer)
      unlisten?.()
      ;(_failed ? reject : resolve)(_result)
    }
    if (timeout < Infinity) arm(deadline, _clock, timeout, () => cutBy(new TimeoutError(`no result within ${timeout} ms`)))
    unlisten = _attempt.whenAborted(cutBy)
    advance(race, 0)
  })
}

/** Sends copies as long as one is due and paid for (`needed`: see `pay`). Then waits for the next, or ends if nothing is left to wait for. */
const advance = (race: Race, needed: number): void => {
  try {
    while ((needed ||= race._settle && delay(race) === 0 ? 1 : 0) && pay(race, needed)) needed = send(race)
    if (!race._out && !race._waiting) finish(race, race._best!)
    else if (race._settle && !race._waiting) whenDue(race, (needed) => advance(race, needed))
  } catch (error) {
    finish(race, { _failed: true, _result: error })
  }
}

/** Sends a copy. It gives, as what follows does, the `needed` of the next one. */
const send = (race: Race): number => {
  const { _attempt, _plan } = race
  const number = count(race)
  const copy = fork(_attempt, number)
  const told = number > 1 && _plan.onHedge?.(facts(_attempt, number))
  if (!isThenable(told)) return start(race, copy)
  race._waiting++
  told.then(
    () => {
      if (race._closed) return
      race._waiting--
      advance(race, start(race, copy))
    },
    (error) => finish(race, { _failed: true, _result: error }),
  )
  return 0
}

/** Runs a copy. */
const start = (race: Race, copy: Attempt): number => {
  const { _attempt, _clock, _plan } = race
  if (copy.copy > 1) emit('onHedge', facts(_attempt, copy.copy), _attempt.plugins)
  // The clock is read only for those who want to know.
  const began = _plan._timed || _attempt.plugins.some((plugin) => 'onHedgeFail' in plugin) ? _clock.now() : undefined
  if (copy.copy === 1 && _plan._observe) race._began = began
  race._copies[copy.copy - 1] = copy
  race._out++
  const settle = (_failed: boolean) => (_result: unknown) => advance(race, take(race, { _failed, _result, _copy: copy }, copy, began))
  let outcome: Outcome
  try {
    const _result = race._next(copy)
    if (follow(_result, settle(false), settle(true))) return _plan.wait === 0 ? 1 : 0
    outcome = { _failed: false, _result, _copy: copy }
  } catch (error) {
    outcome = { _failed: true, _result: error, _copy: copy }
  }
  return take(race, outcome, copy, began)
}

/** Takes what has come of a copy. */
const take = (race: Race, outcome: Outcome, { copy }: Attempt, began: number | undefined): number => {
  const { _attempt, _clock, _plan } = race
  const { _failed, _result } = outcome
  race._copies[copy - 1] = undefined
  race._out--
  // In the first microtask nobody listens yet.
  if (_attempt.aborted) cut(race, _attempt.reason)
  if (race._end) {
    if (!_failed) discard(race, _result)
    return 0
  }
  if (_failed && property(_result, 'refused') === true) {
    if (copy > 1) giveBack(race)
    return keep(race, outcome, 0)
  }
  const details = (): any => ({ ...facts(_attempt, copy), duration: _clock.now() - began!, [_failed ? 'exception' : 'value']: _result })
  const verdict = _plan._judge ? _plan._judge(details()) : _failed
  if (!verdict) {
    learn(race)
    finish(race, outcome)
    if (race._copies.length > 1) emit('onHedgeWin', facts(_attempt, copy), _attempt.plugins)
    if (!_failed && !_attempt.plugins.includes(_plan.budget as any)) _plan._earner?.earn()
    return 0
  }
  if (began !== undefined) emit('onHedgeFail', details(), [_plan as any, ..._attempt.plugins])
  if (_failed && property(_result, 'retryable') === false) {
    finish(race, outcome)
    return 0
  }
  if (retryAfterOf(_result, _failed) !== undefined) return keep(race, outcome, 2)
  keep(race, outcome, 1)
  return verdict === true && _plan.eager !== false ? 1 : 0
}

/** Keeps what comes out if no copy answers, and lets go of what cannot any more. After a refusal or a hint no further copy starts. */
const keep = (race: Race, outcome: Outcome, _rank: number): number => {
  const { _best } = race
  if (_rank !== 1) close(race)
  if (outcome._copy!.copy === 1) race._began = undefined
  if (_best && _best._rank! > _rank) drop(race, outcome)
  else {
    drop(race, _best)
    race._best = { ...outcome, _rank }
  }
  return 0
}

/** Lets go of a value that was turned down: whoever reads its body still has the signal of its copy. */
const drop = (race: Race, outcome: Outcome | undefined): void => {
  if (!outcome || outcome._failed) return
  outcome._copy!.abort(lost())
  discard(race, outcome._result)
}

/** What `onDiscard` throws or rejects is reported, as a plugin's is. */
const discard = ({ _plan }: Race, value: any): void => emit('onDiscard' as keyof Hooks, value, [_plan as any])

const lost = (): HedgeLostError => new HedgeLostError('another copy has decided')

/** A first copy that lost would have taken longer still: left out, slow answers would vanish from what is learned. */
const learn = ({ _began, _clock, _plan }: Race): void => {
  if (_began !== undefined) _plan._observe!(_clock.now() - _began)
}

/** Ends it from outside, or by the timeout. */
const cut = (race: Race, reason: any): void => {
  if (race._end) return
  if (property(reason, 'name') === 'TimeoutError') learn(race)
  finish(race, { _failed: true, _result: reason }, reason)
}

/** Ends it, once. What is still out is aborted. */
const finish = (race: Race, end: Outcome, reason?: unknown): void => {
  if (race._end) return
  race._end = end
  close(race)
  for (const copy of race._copies) copy?.abort((reason ??= lost()))
  if (race._best?._copy !== end._copy) drop(race, race._best)
  race._settle?.(end)
}
