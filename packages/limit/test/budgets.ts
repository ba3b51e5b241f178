import { clock, type Plugin } from '@backon/core'

// The budgets of others, written from their specifications, to compare with. Each as a plugin of one client.

/** What a model is asked and told. */
interface Model {
  /** Tokens left. */
  readonly tokens: number
  readonly plugin: Plugin
}

/**
 * gRPC's retry throttling (proposal A6): starts full; each failed RPC takes 1, each successful one gives `tokenRatio`; retries only while more than half is left.
 */
export const grpcA6 = (maxTokens = 10, tokenRatio = 0.1): Model => {
  let tokens = maxTokens
  const gain = (amount: number): void => {
    tokens = Math.min(Math.max(tokens + amount, 0), maxTokens)
  }
  return {
    get tokens() {
      return tokens
    },
    plugin: {
      after: (details) => gain('exception' in details ? -1 : tokenRatio),
      stop: () => tokens <= maxTokens / 2,
    },
  }
}

/**
 * The retry quota of the AWS SDKs in standard mode, with the costs of 2026: 500 tokens; a retry after a transient error takes 14, which come back when it
 * succeeds; a first attempt that succeeds adds 1.
 */
export const aws = (capacity = 500, cost = 14): Model => {
  let tokens = capacity
  return {
    get tokens() {
      return tokens
    },
    plugin: {
      stop: () => {
        if (tokens < cost) return true
        tokens -= cost
        return false
      },
      onSuccess: ({ tries }) => {
        tokens = Math.min(tokens + (tries > 1 ? cost : 1), capacity)
      },
    },
  }
}

/**
 * Finagle's RetryBudget: each call deposits a share of a retry that is forgotten after `ttl`, and `minRetriesPerSec` are always there, for as much as `ttl` of them at once.
 */
export const finagle = (ttl = 10_000, minRetriesPerSec = 10, percentCanRetry = 0.2): Model => {
  let deposits: number[] = []
  let withdrawals: number[] = []
  const left = (): number => {
    const since = clock().now() - ttl
    deposits = deposits.filter((at) => at > since)
    withdrawals = withdrawals.filter((at) => at > since)
    return (minRetriesPerSec * ttl) / 1_000 + deposits.length * percentCanRetry - withdrawals.length
  }
  return {
    get tokens() {
      return left()
    },
    plugin: {
      onAttempt: ({ tries }) => tries === 1 && deposits.push(clock().now()),
      stop: () => {
        if (left() < 1) return true
        withdrawals.push(clock().now())
        return false
      },
    },
  }
}
