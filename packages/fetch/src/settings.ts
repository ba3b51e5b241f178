import type { Options } from '@backon/core'
import type { prepared } from '@backon/core/kit'
import type { CallOptions, Rule } from './types.ts'

/** Options that have been checked, and what follows from them. */
export interface Settings extends CallOptions {
  readonly idle: number
  readonly statuses: { readonly [status: number]: Rule }
  readonly errors: { readonly [code: string]: Rule }
  /** Whether the caller's `exception` and `predicate` leave a failure to be retried. */
  readonly narrow: (error: unknown) => boolean
  /** What `retry` gets in every call, and one that has it; unless some of it is of one call. */
  readonly base: Options<Response>
  readonly run: ReturnType<typeof prepared<Response>> | undefined
}
