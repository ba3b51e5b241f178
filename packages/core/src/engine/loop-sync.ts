import { sleepBlocking } from '../time/sleep.ts'
import { refusePromise } from '../thenable.ts'
import { begin, type Call, lieDown, run, takeDown } from './call.ts'
import { conclude, fault } from './conclude.ts'
import { decide } from './decide.ts'
import { signalOf } from './loop.ts'
import { tell } from './tell.ts'

/** The loop of `loop.ts`, for those who cannot wait: what is awaited there is refused here when it is a promise. */
export const loopSync = (call: Call): unknown => {
  try {
    for (;;) {
      openSync(call)
      const result = attemptSync(call)
      if (call._phase === 'over') return result
      restSync(call, call._wait!)
      check(call)
    }
  } catch (error) {
    fault(call, error)
    // Aborted before, it ends with that reason.
    check(call)
    throw error
  }
}

export const openSync = (call: Call): void => {
  begin(call)
  check(call, tell(call, 'onAttempt', 'before'))
}

/** Runs an attempt and decides: gives back what the call ends with, or has it lie down. */
export const attemptSync = (call: Call): unknown => {
  let failed = false
  let result: unknown
  try {
    result = run(call)
  } catch (error) {
    failed = true
    result = error
  }
  check(call, failed || result, 'the operation')
  takeDown(call, failed, result)
  check(call, tell(call, 'after'))

  const next = decide(call)
  check(call)
  if (typeof next === 'string') return check(call, conclude(call, next), 'a handler')
  lieDown(call, next)
  check(call, tell(call, 'beforeSleep', 'onBackoff'))
  return undefined
}

/** A call that was cut short goes no further; a promise is refused, and its rejection is not left unhandled. */
export const check = (call: Call, answer?: unknown, who = ''): any => {
  if (call._ending?._end === 'abort') throw call._ending._reason
  refusePromise(answer, who)
  return answer
}

export const restSync = (call: Call, wait: number): void => {
  const { _clock, _rules: { sleep } } = call._policy
  if (sleep) refusePromise(sleep(wait, signalOf(call)), 'sleep')
  else if (_clock.block) _clock.block(wait)
  else sleepBlocking(wait)
}
