import { type Attempt, emit, type Hooks, type Plugin, TimeoutError } from '@backon/core'
import { property, retryAfterOf } from '@backon/core/kit'
import { HedgeLostError } from './error.ts'
import { facts, type HedgeOutcome } from './hooks.ts'
import { close, giveBack, type Pace } from './pace.ts'

/** What has come of a copy, or of the whole race. */
export interface Outcome {
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
export interface Race extends Pace {
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

/** Takes what has come of a copy: it has won, or failed, or was refused, or is late. Gives the `needed` (see `pay`) of the next copy. */
export const take = (race: Race, copy: Attempt, began: number | undefined, _result: any, _failed: boolean): number => {
  const { _attempt, _plan } = race
  const number = copy.copy
  race._copies[number - 1] = undefined
  race._out--
  // In the first microtask nobody listens yet.
  if (_attempt.aborted) cut(race, _attempt.reason)
  if (race._end) {
    if (!_failed) discard(race, _result)
    return 0
  }
  const outcome: Outcome = { _failed, _result, _copy: copy }
  if (_failed && property(_result, 'refused') === true) {
    if (number > 1) giveBack(race)
    return keep(race, outcome, 0)
  }
  const verdict = _plan._judge ? _plan._judge(outcomeFacts(race, outcome, began)) : _failed
  if (!verdict) {
    learn(race)
    finish(race, outcome)
    if (race._copies.length > 1) emit('onHedgeWin', facts(_attempt, number), _attempt.plugins)
    if (_plan._earner && !_failed && !_attempt.plugins.includes(_plan._earner as Plugin)) _plan._earner.earn()
    return 0
  }
  if (began !== undefined) emit('onHedgeFail', outcomeFacts(race, outcome, began), [_plan as Plugin, ..._attempt.plugins])
  if (_failed && property(_result, 'retryable') === false) {
    finish(race, outcome)
    return 0
  }
  if (retryAfterOf(_result, _failed) !== undefined) return keep(race, outcome, 2)
  keep(race, outcome, 1)
  return verdict === true && _plan.eager !== false ? 1 : 0
}

const outcomeFacts = ({ _attempt, _clock }: Race, { _failed, _result, _copy }: Outcome, began = 0): HedgeOutcome => ({
  ...facts(_attempt, _copy!.copy),
  duration: _clock.now() - began,
  [_failed ? 'exception' : 'value']: _result,
})

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
export const discard = ({ _plan }: Race, value: any): void => emit('onDiscard' as keyof Hooks, value, [_plan as any])

const lost = (): HedgeLostError => new HedgeLostError('another copy has decided')

/** A first copy that lost would have taken longer still: left out, slow answers would vanish from what is learned. */
const learn = ({ _began, _clock, _plan }: Race): void => {
  if (_began !== undefined) _plan._observe!(_clock.now() - _began)
}

/** Ends it from outside, or by the timeout. A copy that has failed meanwhile may have said when to come back: that is not lost. */
export const cut = (race: Race, reason: any): void => {
  const { _best, _end } = race
  if (_end) return
  if (property(reason, 'name') === 'TimeoutError') learn(race)
  // Of ours, made for this attempt. What the caller aborts with is the caller's.
  if (_best?._rank === 2 && Object.getPrototypeOf(Object(reason)) === TimeoutError.prototype) reason.retryAfter = retryAfterOf(_best._result, _best._failed)
  finish(race, { _failed: true, _result: reason }, reason)
}

/** Ends it, once. What is still out is aborted. */
export const finish = (race: Race, end: Outcome, reason?: unknown): void => {
  if (race._end) return
  race._end = end
  close(race)
  for (const copy of race._copies) copy?.abort((reason ??= lost()))
  if (race._best?._copy !== end._copy) drop(race, race._best)
  race._settle?.(end)
}
