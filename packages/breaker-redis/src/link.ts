import { type CircuitBreaker, holdCircuit, probeTimeoutOf, watchCircuit } from '@backon/breaker'
import { clock, emit, type Plugin, TimeoutError } from '@backon/core'
import { request, type View } from './client.ts'
import type { Completed } from './options.ts'
import { within } from './within.ts'

/** What passes between a breaker and the store. */
export interface Link {
  /** Whether it is time to ask how the others stand. */
  readonly _isDue: () => boolean
  /** Whether the next call is a probe for which this process has no lease, and the store can be asked for one. */
  readonly _needsLease: () => boolean
  /** Waits for a lease, or to be refused one; no longer than `timeout`. */
  readonly _askForLease: () => Promise<void>
  /** Asks and tells the store, unless that is being done. Resolves with whether it has answered; never rejects. */
  readonly _contact: () => Promise<boolean>
  /** Opens (`o`) or closes (`c`) by hand, for all if told so; resolves with whether the store knows. */
  readonly _order: (act: 'o' | 'c', everywhere: boolean | undefined) => Promise<boolean>
  readonly _leave: () => void
}

/** A lease is never longer: a process that died while it held one keeps the others out for a day at most, whatever a probe may take. */
const day = 86_400_000

/** Further away than any time to stay open: until `reset()`. */
const forEver = 1e15

/** Tells the store of what a breaker does, and the breaker of what the others do. */
export const link = (breaker: CircuitBreaker, { client, key, timeout, refresh, lease, agree, subscribe, onStoreError }: Completed): Link => {
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
  let asking: Promise<void> | undefined
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

  /** Whether an answer is overdue. */
  const isLate = (): unknown => underWay && now() - asked > timeout
  const holdsLease = (): unknown => token && now() < tokenEnds

  /** Brings in how the others stand; `lag` is how old that is. */
  const adopt = ([generation, open, busy]: View, lag: number): void => {
    const isNews = generation && generation !== seen
    seen = generation
    if (isNews) token = ''
    // Whoever probes is soon done: who comes back after `refresh` finds that out.
    const ms = Math.max(open, holdsLease() ? 0 : Math.min(busy, Math.max(refresh, timeout))) - lag
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

  const contact = (act = topic()): Promise<boolean> => {
    if (isStopped) return Promise.resolve(false)
    if (underWay) {
      if (isLate()) failLate()
      return underWay
    }
    const order = act === byHand ? byHand : undefined
    const used = token
    const wasUntold = untold
    const leased = Math.ceil(Math.min(Math.max(lease, probeTimeoutOf(breaker)), day))
    const ms = act === 'o' ? Math.ceil(order ? forEver : breaker.retryAfter) : 0
    if (order) byHand = undefined
    news = undefined
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

  const needsLease = (): boolean => !isClosed && !holdsLease() && breaker.state !== 'closed' && breaker.retryAfter === 0
  const askForLease = async (): Promise<void> => {
    let isOver = false
    const work = async (): Promise<void> => {
      while (underWay && !isOver) await underWay
      if (!isOver && needsLease()) await contact('l')
    }
    if (!(await within(timeout, work()))) {
      isOver = true
      failLate()
    }
    asking = undefined
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
    _isDue: () => Math.abs(now() - asked) >= refresh,
    // A store that is late already is not waited for again.
    _needsLease: () => !isStopped && needsLease() && !isLate(),
    _askForLease: () => (asking ??= askForLease()),
    _contact: contact,
    async _order(act, everywhere) {
      token = ''
      isForAll = act === 'o' && !!everywhere
      breaker[act === 'o' ? 'isolate' : 'reset']()
      if (!everywhere) return false
      byHand = act
      const tell = async (): Promise<void> => {
        await underWay
        await contact()
      }
      return (await within(timeout, tell())) && !byHand
    },
    _leave() {
      isStopped = true
      unwatch()
      unsubscribe?.()
    },
  }
}
