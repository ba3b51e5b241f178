import { Effect, Fiber, Schedule, Semaphore } from 'effect'
import { TestClock } from 'effect/testing'

export const name = 'effect'
export const packages = ['effect']

// There is no retry without options in it: those are always said.
export const make = ({ tries, wait, signal, deadline }) => (fn) => {
  const once = Effect.tryPromise({ try: (signal) => fn(signal), catch: (error) => error })
  const many = Effect.retry(once, { times: tries - 1, schedule: Schedule.spaced(wait) })
  return Effect.runPromise(deadline ? Effect.timeout(many, deadline) : many, { signal })
}
export const hasDefaults = false
export const takesSignal = true
export const takesDeadline = true
export const signalOf = (signal) => signal
export const limit = (running) => {
  const semaphore = Semaphore.makeUnsafe(running)
  return (fn) => Effect.runPromise(semaphore.withPermits(1)(Effect.promise(fn)))
}
/** Its clock for tests: the time that a program asks for is moved by hand. */
export const virtualRetry = ({ tries, wait }) => (fn) => {
  const many = Effect.retry(Effect.tryPromise({ try: fn, catch: (error) => error }), { times: tries - 1, schedule: Schedule.spaced(wait) })
  const program = Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(many)
    for (let n = 1; n < tries; n++) {
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
      yield* TestClock.adjust(wait)
    }
    return yield* Fiber.join(fiber)
  })
  return Effect.runPromise(Effect.provide(program, TestClock.layer()))
}
