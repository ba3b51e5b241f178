// A program of somebody who uses the packages, written with everything that is typed in a way that could break.
import {
  type Attempt,
  constant,
  type Details,
  expo,
  fork,
  log,
  type Operation,
  onException,
  onExceptionSync,
  type Options,
  override,
  type Plugin,
  retry,
  retryAfter,
  type RetriedSync,
  Retrying,
  retryingCaller,
  retrySync,
  sleep,
  stopAny,
  stopAfterAttempt,
  timeout,
  use,
  type Wait,
  waitChain,
} from '@backon/core'
import { BreakerRetrying, CircuitBreaker, CircuitOpenError, countWindow } from '@backon/breaker'
import { hedge, hedging, HedgingRetrying, latencyPercentile } from '@backon/hedge'

interface User {
  id: number
  name?: string
}

export async function main(given: AbortSignal): Promise<void> {
  const n: number = await retry(async () => 1)
  const text: string = await retry(({ tries, signal }) => `${tries} ${signal.aborted}`, { signal: given, wait: expo({ factor: 100 }) })
  const first: number = retrySync(() => n)
  // @ts-expect-error A promise is no result of a synchronous call.
  retrySync(async () => 1)
  // @ts-expect-error
  retry(() => 1, { maxTries: '3' })
  // @ts-expect-error
  const wrong: string = await retry(() => 1)

  const options: Options<User> = { predicate: (user) => user.name === undefined, maxTime: undefined, use: [timeout(100), log(console)], wait: [1, 2] }
  const user: User = await retry(async (): Promise<User> => ({ id: 1 }), options)

  const load = onException(expo(), [TypeError, RangeError], { maxTries: 2 })(async (id: number, name?: string): Promise<User> => ({ id, ...(name === undefined ? {} : { name }) }))
  const loaded: User = await load(1, 'a')
  const again: User = await load.retryWith({ maxTries: 1 })(2)
  // @ts-expect-error
  await load('1')
  const parse: RetriedSync<(this: void, text: string) => unknown> = onExceptionSync(0, SyntaxError)(function (this: void, text: string): unknown {
    return JSON.parse(text)
  })

  const policy = new Retrying({ stop: stopAny(stopAfterAttempt(2)), wait: waitChain(constant(1), [2, 3]) })
  const called: User = await policy.call(load, 1, 'b')
  for await (const attempt of policy) await attempt.run(() => 1)
  for (const attempt of policy) attempt.run(() => 1)
  const caller = retryingCaller({ wait: retryAfter() }).on(TypeError)
  const answered: User = await caller(load, 1)

  const watcher: Plugin = {
    timeless: true,
    wrap: <T>(next: Operation<T>): Operation<T> => (attempt: Attempt) => next(fork(attempt)),
    onBackoff: ({ wait, call }: Details) => [wait, call],
    // Events of the plugins are known once they are imported.
    onCircuitOpen: ({ breaker }) => breaker.toUpperCase(),
    onHedge: ({ copy }) => copy + 1,
  }
  const undo = use(watcher)
  undo()
  override({ maxTries: 1, random: () => 0 })()

  const breaker = new CircuitBreaker({ trip: countWindow({ size: 10, failureRate: 0.5 }), recoveryTimeout: expo() as Wait })
  const probed: User = await breaker.call(load, 1)
  const both = new BreakerRetrying({ breaker, maxTries: 2 })
  const won: User = await hedge(async (): Promise<User> => ({ id: 1 }), { wait: latencyPercentile(95) })
  const hedged = new HedgingRetrying({ hedge: { wait: 10 } })
  await retry(() => 1, { use: [breaker, hedging({ wait: 10 })] }).catch((error: unknown) => {
    if (error instanceof CircuitOpenError) return error.retryAfter + error.breaker.length
    throw error
  })
  await sleep(1, given)
  void [text, first, wrong, user, loaded, again, parse, called, answered, probed, both, won, hedged]
}
