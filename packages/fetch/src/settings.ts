import type { Options } from '@backon/core'
import type { prepared } from '@backon/core/kit'
import type { CallOptions, FetchOptions, Rule } from './types.ts'

/** Options that have been checked, and what follows from them. */
export interface Settings extends Pick<FetchOptions, 'fetch' | 'timeout' | 'idempotent' | 'use' | 'signal' | 'name' | 'maxTime'>, Pick<CallOptions, 'idempotencyKey'> {
  readonly idle: number
  readonly attemptHeader: string | undefined
  readonly statuses: { readonly [status: number]: Rule }
  readonly errors: { readonly [code: string]: Rule }
  /** Whether the caller's `exception` and `predicate` leave a failure to be retried. */
  readonly narrow: (error: unknown) => boolean
  /** What `retry` gets in every call, and one that has it. */
  readonly base: Options<Response>
  readonly run: ReturnType<typeof prepared<Response>>
}
