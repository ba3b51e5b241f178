import { arm, longest } from '../time/timer.ts'
import { begin, type Call, lieDown, run, takeDown } from './call.ts'
import { conclude, fault } from './conclude.ts'
import { decide } from './decide.ts'
import { heed, never, tell } from './tell.ts'

/**
 * A call, from its first attempt to its end; or from the failure of that one, where it was begun without a call. It awaits only
 * where there is something to wait for. Nothing is raced in here: who cuts a call short (`cut.ts`) lets the loop lie.
 */
export const loop = async (call: Call, failed = false, result?: unknown): Promise<any> => {
  try {
    let told
    for (;; failed = false) {
      if (!failed) {
        begin(call)
        if ((told = tell(call, 'onAttempt', 'before'))) await told
        try {
          result = await run(call)
        } catch (error) {
          failed = true
          result = error
        }
        if (call._phase !== 'running') await never()
      }
      takeDown(call, failed, result)
      if ((told = tell(call, 'after'))) await told

      const next = decide(call)
      if (call._phase !== 'judging') await never()
      if (typeof next === 'string') return conclude(call, next)

      lieDown(call, next)
      if ((told = tell(call, 'beforeSleep', 'onBackoff'))) await told
      for (told = rest(call, next); told; told = restOfIt(call)) await told
    }
  } catch (error) {
    fault(call, error)
    throw error
  }
}

/** Lets a wait pass. Without one there is no need for a timer, but I/O and other timers must get their turn now and then. */
export const rest = (call: Call, wait: number): Promise<unknown> | undefined => {
  const { _rules: { sleep } } = call._policy
  if (sleep) return sleepOwn(call, sleep(wait, signalOf(call)))
  return wait > 0 || call._tries % 64 === 0 ? pause(call, wait) : undefined
}

/** The promise's own function is what the timer calls: a call asleep keeps no closure of ours. */
const pause = (call: Call, wait: number): Promise<unknown> =>
  new Promise((resolve) => {
    const { _clock } = call._policy
    call._until = _clock.now() + wait
    if (wait > longest) arm(call, _clock, wait, resolve as () => void)
    else call.timer = _clock.setTimeout(resolve as () => void, wait)
  })

/** What is left of a wait whose timer has rung a little early, see `arm`. */
export const restOfIt = (call: Call): Promise<unknown> | undefined => {
  const left = call._until! - call._policy._clock.now()
  return left > 0 && left < 1 ? pause(call, left) : undefined
}

const sleepOwn = async (call: Call, asleep: unknown): Promise<void> => {
  if (call._phase !== 'resting') await never()
  await heed(call, asleep)
  // It may come back at once, each time.
  if (call._tries % 64 === 0) await pause(call, 0)
}

/** What ends a sleep of the caller's own, where something can cut the call short. */
export const signalOf = (call: Call): AbortSignal | undefined => {
  if (call._policy._maxTime === Infinity && !call._sources[0] && !call._policy._tracker) return undefined
  return (call._waker = new AbortController()).signal
}
