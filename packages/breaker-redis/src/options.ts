import { check, invalid, nonNegative, optionsOf } from '@backon/core/kit'
import type { RedisClient } from './client.ts'

/**
 * The store has begun to fail: it threw, answered nonsense, or did not answer in time.
 *
 * @example
 * use({ onStoreError: ({ breaker, error }) => console.warn(`${breaker} goes on alone`, error) })
 */
export interface StoreErrorEvent {
  /** The name of the breaker, `''` when it has none. */
  readonly breaker: string
  /** What the client threw, or a `TimeoutError`. */
  readonly error: unknown
}

declare module '@backon/core' {
  interface Hooks {
    /** The store of a shared circuit has begun to fail: breakers decide alone. Told once, until it has answered in time again. */
    onStoreError?(event: StoreErrorEvent): unknown
  }
}

/**
 * How a circuit is shared. Times are in ms; `undefined` is absent.
 *
 * @example
 * const options: ShareOptions = { client, key: 'billing/users', refresh: 500 }
 */
export interface ShareOptions {
  /** Runs scripts on Redis or Valkey. */
  client: RedisClient
  /** Names the circuit for all processes that share it: a string of 1 character or more. It is the Redis key `backon:` + this. */
  key: string
  /** After a call, asks how the others stand at most once in so many ms. `Infinity`: only once, and when `subscribe` says so. Default 1,000. */
  refresh?: number | undefined
  /** A probe waits for the store at most so long; who answers later counts as failing. Default 50. */
  timeout?: number | undefined
  /** For how long the one who may probe keeps the others from it; a process that died is given up after it. Default, and never less than, how long the breaker gives a probe (`probeTimeout`); at most a day. */
  lease?: number | undefined
  /** How many processes must have opened at the same time before all open; each opens its own at once. An integer of 1 or more. Default 1. */
  agree?: number | undefined
  /** The first call waits at most so long to hear how the others stand; 0: it does not wait. Default 0. */
  firstPeek?: number | undefined
  /**
   * Listens to a channel of Redis: calls `onMessage` for each message, and when the connection is back. Whatever is said only makes it ask. Returns its
   * undo. Default none: others are heard within `refresh`.
   */
  subscribe?: ((channel: string, onMessage: (message?: string) => void) => () => unknown) | undefined
  /** The store has begun to fail: told once, until it has answered in time again. It only watches: what it throws is reported. Default none. */
  onStoreError?: ((event: StoreErrorEvent) => unknown) | undefined
}

/** Options that have been checked. */
export type Completed = ReturnType<typeof complete>

/** Reads options, and throws for an unusable one. */
export const complete = (options: ShareOptions) => {
  const { client, key, refresh = 1_000, timeout = 50, lease = 0, agree = 1, firstPeek = 0, subscribe, onStoreError } = optionsOf('shareBreaker', options, ['client', 'key', 'refresh', 'timeout', 'lease', 'agree', 'firstPeek', 'subscribe', 'onStoreError'])
  if (typeof client?.eval !== 'function') invalid('client', 'an object with eval(script, keys, args)', client)
  if (typeof key !== 'string' || !key) invalid('key', 'a string of 1 character or more', key)
  nonNegative({ refresh, timeout, lease, firstPeek })
  if (!Number.isInteger(agree) || agree < 1) invalid('agree', 'an integer of 1 or more', agree)
  // oxlint-disable-next-line typescript/unbound-method -- looked at, not called
  check('function', { subscribe, onStoreError, 'client.evalsha': client.evalsha })
  return { client, key: `backon:${key}`, refresh, timeout, lease, agree, firstPeek, subscribe, onStoreError: onStoreError?.bind(options) }
}
