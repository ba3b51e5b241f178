import { type CircuitBreaker, holdCircuit, probeTimeoutOf, watchCircuit } from '@backon/breaker'
import { type Attempt, clock, emit, type Plugin, TimeoutError, type Undo } from '@backon/core'
import { isThenable, undo } from '@backon/core/kit'
import { request, type View } from './client.ts'
import { complete, type ShareOptions } from './options.ts'
import { within } from './within.ts'

/** Whether an act by hand is for this process, or for all. */
export interface Everywhere {
  /** `true`: for all processes that share the circuit. Default `false`: for this one. */
  readonly everywhere?: boolean | undefined
}

/** A breaker that speaks with those of other processes: a plugin, or alone with `call`. */
export interface SharedBreaker extends Plugin {
  /** The breaker inside: its `state`, `retryAfter` and the rest. Who calls through it alone probes without asking the others. */
  readonly breaker: CircuitBreaker
  readonly timeless: boolean
  wrap: NonNullable<Plugin['wrap']>
  /** As `breaker.call`: calls `fn(...args)`, or rejects with a `CircuitOpenError`. A probe asks the others first. */
  call<Args extends unknown[], T>(fn: (...args: Args) => T | PromiseLike<T>, ...args: Args): Promise<T>
  /** As `breaker.callSync`. It cannot wait for the store: a probe is decided here. */
  callSync<Args extends unknown[], T>(fn: (...args: Args) => T, ...args: Args): T
  /** Opens it by hand until `reset()`. Everywhere: resolves with whether the store knows; where not, it is told at the next contact. */
  isolate(options?: Everywhere): Promise<boolean>
  /** Closes it by hand. Everywhere: also where it was isolated everywhere; resolves with whether the store knows, as `isolate` does. */
  reset(options?: Everywhere): Promise<boolean>
  /** Ends the sharing: the breaker goes on alone. Disposable. */
  readonly leave: Undo
}

/** A lease is never longer: a process that died while it held one keeps the others out for a day at most, whatever a probe may take. */
const day = 86_400_000

/** Further away than any time to stay open: until `reset()`. */
const forEver = 1e15

/**
 * Shares a circuit with other processes through Redis or Valkey: each counts for itself, what is told is that one has opened or closed it. Calls of a
 * closed circuit never wait; of an open one that is ripe, one probe goes over all processes. Without the store the breaker decides alone. Throws for an unusable option.
 *
 * @example
 * const users = shareBreaker(new CircuitBreaker({ name: 'users' }), { client, key: 'users' })
 * await retry(load, { use: [users] })
 * await users.call(load)
 */
export const shareBreaker = (breaker: CircuitBreaker, options: ShareOptions): SharedBreaker => {
  const { client, key, refresh, timeout, lease, agree, firstPeek, subscribe, onStoreError } = complete(options)
  const id = crypto.randomUUID()
  const now = (): number => clock().now()

  /** The generation seen last; `undefined` until the store has answered. */
  let seen: string | undefined
  /** What a lease was granted with, and until when it holds, by this process' clock. */
  let token = ''
  let tokenEnds = 0
  /** It has opened here, and the store does not know. */
  let untold = false
  /** What was done by hand, for all, and the store does not know. */
  let byHand: 'o' | 'c' | undefined
  /** It was isolated for all, here or elsewhere. */
  let isForAll = false
  let isClosed = breaker.state === 'closed'
  let isMuted = false
  let isFailing = false
  let isStopped = false
  /** When the store was asked the last time, and what is to come of it. There is never more than one request. */
  let asked = -Infinity
  let underWay: Promise<boolean> | undefined
  let asking: Promise<unknown> | undefined
  let opening: Promise<unknown> | undefined
  let isFirst = firstPeek > 0
  /** What was heard on the channel since the last request. */
  let news: string | undefined

  const fail = (error: unknown): void => {
    if (isFailing) return
    isFailing = true
    const event = { breaker: breaker.name, error }
    emit('onStoreError', event, [{ onStoreError } as Plugin])
    emit('onStoreError', event)
  }
  const failLate = (): void => fail(new TimeoutError(`the store has not answered in ${timeout} ms`))

  /** Brings in how the others stand; `lag` is how old that is. */
  const adopt = ([generation, open, busy]: View, lag: number): void => {
    const isNews = generation && generation !== seen
    seen = generation
    if (isNews) token = ''
    const holdsLease = token && now() < tokenEnds
    // Whoever probes is soon done: who comes back after `refresh` finds that out.
    const ms = Math.max(open, holdsLease ? 0 : Math.min(busy, Math.max(refresh, timeout))) - lag
    isMuted = true
    if (open >= forEver / 2) {
      if (breaker.retryAfter < Infinity) {
        isForAll = true
        breaker.isolate()
      }
    } else if (isNews && open < 0) {
      // What opened here after the question was asked is not answered by it. What was isolated here stays so.
      if (!untold && !isClosed && (isForAll || breaker.retryAfter < Infinity)) breaker.reset()
      isForAll = false
    } else if (isNews || (!isClosed && ms > 0)) holdCircuit(breaker, Math.max(ms, 0), new Error('another process has found it failing'))
    isMuted = false
  }

  /** What the store has to know. */
  const topic = (): string => {
    if (byHand) return byHand
    if (seen === undefined) return 'p'
    if (isClosed) return token ? 'c' : 'p'
    const { state, retryAfter } = breaker
    return state === 'open' && (token || untold) && retryAfter > 0 && retryAfter < Infinity ? 'o' : 'p'
  }

  /** Asks and tells the store, unless that is being done. Resolves with whether it has answered; never rejects. */
  const contact = (act = topic()): Promise<boolean> => {
    if (isStopped) return Promise.resolve(false)
    if (underWay) {
      if (now() - asked > timeout) failLate()
      return underWay
    }
    const order = byHand
    const used = token
    const wasUntold = untold
    const leased = Math.ceil(Math.min(Math.max(lease, probeTimeoutOf(breaker)), day))
    const ms = act === 'o' ? Math.ceil(order ? forEver : breaker.retryAfter) : 0
    byHand = news = undefined
    if (act === 'o' || act === 'l') untold = false
    const sent = (asked = now())
    return (underWay = request(client, key, [act, order ? '*' : (seen ?? ''), ms, leased, token, id, agree].map(String)).then(
      (view) => {
        underWay = undefined
        if (isStopped) return false
        const took = now() - sent
        if (took > timeout) failLate()
        else isFailing = false
        if ((act === 'o' || act === 'c') && token === used) token = ''
        if (view[3]) {
          seen = view[0]
          token = view[3]
          tokenEnds = sent + leased
        } else adopt(view, took > timeout ? took : 0)
        if (topic() !== 'p' || (news && news !== seen)) void contact()
        return true
      },
      (error: unknown) => {
        underWay = undefined
        byHand ??= order
        untold ||= wasUntold && !isClosed
        fail(error)
        return false
      },
    ))
  }

  const isDue = (): boolean => Math.abs(now() - asked) >= refresh
  const peek = (): void => {
    if (isDue()) void contact()
  }

  /** Whether the next call is a probe for which this process has no lease. */
  const needsLease = (): boolean => !isClosed && !(token && now() < tokenEnds) && breaker.state !== 'closed' && breaker.retryAfter === 0

  const askForLease = async (): Promise<void> => {
    let isLate = false
    const work = async (): Promise<void> => {
      while (underWay && !isLate) await underWay
      if (!isLate && needsLease()) await contact('l')
    }
    if (!(await within(timeout, work()))) {
      isLate = true
      failLate()
    }
    asking = undefined
  }

  /** What a call that may wait has to wait for. A store that is late already is not waited for again. */
  const gate = (): Promise<unknown> | undefined => {
    if (isStopped) return undefined
    if (isFirst) return (opening ??= within(firstPeek, contact()).then(() => ((isFirst = false), gate())))
    return needsLease() && !(underWay && now() - asked > timeout) ? (asking ??= askForLease()) : undefined
  }

  /** Makes a call, and after it asks how the others stand, where that is due. */
  const make = (call: (attempt: any) => any, attempt?: Attempt): any => {
    if (!isDue()) return call(attempt)
    let result: unknown
    try {
      result = call(attempt)
    } catch (error) {
      void contact()
      throw error
    }
    if (isThenable(result)) void result.then(peek, peek)
    else void contact()
    return result
  }
  const pass = (call: (attempt: any) => any, attempt?: Attempt): any => {
    const wait = (isFirst || !isClosed) && !attempt?.sync ? gate() : undefined
    return wait
      ? wait.then(() => {
          if (attempt?.aborted) throw attempt.reason
          return make(call, attempt)
        })
      : make(call, attempt)
  }

  const act = async (order: 'o' | 'c', everywhere: boolean | undefined): Promise<boolean> => {
    token = ''
    isForAll = order === 'o' && !!everywhere
    breaker[order === 'o' ? 'isolate' : 'reset']()
    if (!everywhere) return false
    byHand = order
    const tell = async (): Promise<void> => {
      await underWay
      await contact()
    }
    return (await within(timeout, tell())) && !byHand
  }

  const unwatch = watchCircuit(breaker, {
    onCircuitOpen({ retryAfter }) {
      isClosed = false
      if (isMuted || retryAfter === Infinity) return
      untold = true
      void contact()
    },
    onCircuitClose() {
      isClosed = true
      untold = false
      if (!isMuted && token) void contact()
    },
  })
  const unsubscribe = subscribe?.(key, (message = '?') => {
    news = message
    if (message !== seen) void contact()
  })

  return {
    breaker,
    timeless: breaker.timeless,
    wrap(next) {
      const inner = breaker.wrap(next)
      return (attempt) => pass(inner, attempt)
    },
    call: (fn, ...args) => pass(() => breaker.call(fn, ...args)),
    callSync: (fn, ...args) => make(() => breaker.callSync(fn, ...args)),
    isolate: ({ everywhere } = {}) => act('o', everywhere),
    reset: ({ everywhere } = {}) => act('c', everywhere),
    leave: undo(() => {
      isStopped = true
      unwatch()
      unsubscribe?.()
    }),
  }
}
