import { type Attempt, clock, emit, fork, TimeoutError } from '@backon/core'
import { arm, isThenable, type TimerHolder } from '@backon/core/kit'
import { follow } from './follow.ts'
import { facts } from './hooks.ts'
import { earn, type Plan } from './options.ts'
import { cut, discard, finish, type Outcome, type Race, take } from './outcome.ts'
import { count, delay, pay, whenDue } from './pace.ts'

const soon = /* @__PURE__ */ Promise.resolve()

/** Hedges one attempt. What synchronous copies decide is returned or thrown at once. */
export const run = (plan: Plan, next: (attempt: Attempt) => unknown, attempt: Attempt): any => {
  const race: Race = {
    _plan: plan, _next: next, _attempt: attempt, _clock: clock(),
    _sent: 0, _most: plan.maxHedge, _waiting: 0, _wait: undefined, _asked: false, _closed: false, timer: undefined,
    _copies: [], _out: 0, _began: undefined, _best: undefined, _end: undefined, _settle: undefined,
  }
  earn(plan)
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
  const deadline: TimerHolder = { timer: undefined }
  const cutBy = (reason: unknown): void => cut(race, reason)
  return new Promise((resolve, reject) => {
    let unlisten: (() => void) | undefined
    race._settle = ({ _failed, _result }) => {
      _clock.clearTimeout(deadline.timer)
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
  const go = (): void => {
    if (race._closed) return
    race._waiting--
    advance(race, start(race, copy))
  }
  Promise.resolve(told).then(go).catch((error) => finish(race, { _failed: true, _result: error }))
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
  let failed = false
  let result: unknown
  try {
    result = race._next(copy)
    if (follow(result, (value) => settle(race, copy, began, value, false), (error) => settle(race, copy, began, error, true))) return _plan.wait === 0 ? 1 : 0
  } catch (error) {
    failed = true
    result = error
  }
  return take(race, copy, began, result, failed)
}

/** Goes on when a copy has settled. What throws here is the budget's, or what learns: it ends the race, which would else hang. */
const settle = (race: Race, copy: Attempt, began: number | undefined, result: unknown, failed: boolean): void => {
  try {
    advance(race, take(race, copy, began, result, failed))
  } catch (error) {
    finish(race, { _failed: true, _result: error })
  }
}
