import type { Stop } from '../types.ts'
import { stopAfterAttempt } from './after-attempt.ts'
import { stopAfterDelay } from './after-delay.ts'
import { stopAll } from './all.ts'
import { stopAny } from './any.ts'
import { stopNever } from './never.ts'
import { stopWhenEventSet } from './when-event-set.ts'

// Must compile.
export const stops: Stop[] = [
  stopAny(stopAfterAttempt(3), stopAfterDelay(100)),
  stopAll(stopNever(), (details) => details.idleFor > 5),
  stopWhenEventSet(AbortSignal.abort()),
  stopWhenEventSet({ isSet: () => true }),
]

// Must not.
// @ts-expect-error needs a number
stopAfterAttempt()
// @ts-expect-error no string
stopAfterDelay('5')
// @ts-expect-error no list
stopAny([stopNever()])
// @ts-expect-error the stop itself, not its maker
stopAll(stopAfterDelay)
// @ts-expect-error the signal, not its controller
stopWhenEventSet(new AbortController())
// @ts-expect-error does not wait for a promise
stopWhenEventSet({ isSet: async () => true })
