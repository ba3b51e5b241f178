import { property } from '../engine/decide.ts'
import type { AbortDetails, BackoffDetails, Details, GiveupDetails, Outcome, SuccessDetails } from '../types.ts'

/** Where calls are counted. `Series` is what tells them apart there: attributes, a key of labels. */
export interface CallCounts<Series> {
  /** The series of a call. */
  of(details: Details): Series
  /** An attempt ran, for so many ms: with this outcome, or with the success of the call where there is none. */
  attempt(series: Series, outcome: { readonly exception?: unknown } | undefined, ms: number): void
  /** A call waits so many ms before its next attempt. */
  wait(series: Series, ms: number): void
  /** A call has succeeded. */
  success(series: Series): void
  /** A call was given up. */
  failure(series: Series, details: GiveupDetails): void
  /** A call has ended, one way or another: so many of its attempts ran, and it took so many ms. */
  end(series: Series, outcome: 'success' | 'failure' | 'aborted', attempts: number, ms: number): void
}

/** What is known of a call that has failed before: how many of its attempts are counted, how many of those were refused, the last failure. */
interface Past {
  readonly _tries: number
  readonly _refused: number
  readonly _exception?: unknown
}

const none: Past = { _tries: 0, _refused: 0 }

/**
 * Makes the hooks that count calls: each attempt that ran once, however its call ends; those that were refused not at all. For plugins that
 * bring numbers to where they are kept.
 *
 * @example
 * const plugin: Plugin = countCalls({ of: ({ name }) => name, attempt: (name) => add(`${name}.attempts`), wait() {}, success() {}, failure() {}, end() {} })
 */
export const countCalls = <Series>(counts: CallCounts<Series>) => {
  const pasts = new WeakMap<object, Past>()
  const pastOf = ({ call }: Details): Past => pasts.get(call) ?? none
  /** Counts the attempt of an outcome, unless it was refused or is counted; gives what is known of the call then. */
  const outcome = (series: Series, details: Outcome): Past => {
    const past = pastOf(details)
    const { tries, exception, duration } = details
    if (past._tries === tries) return past
    const refused = property(exception, 'refused') === true
    if (!refused) counts.attempt(series, details, duration)
    return { _tries: tries, _refused: past._refused + +refused, _exception: exception }
  }
  const end = (series: Series, how: 'success' | 'failure' | 'aborted', { tries, elapsed }: Details, { _refused }: Past): void =>
    counts.end(series, how, tries - _refused, elapsed)

  return {
    onSuccess(details: SuccessDetails): void {
      const series = counts.of(details)
      counts.attempt(series, undefined, details.duration)
      counts.success(series)
      end(series, 'success', details, details.tries > 1 ? pastOf(details) : none)
    },
    onBackoff(details: BackoffDetails): void {
      const series = counts.of(details)
      pasts.set(details.call, outcome(series, details))
      // To sleep for ever is allowed; in a sum it would stay for ever.
      if (details.wait < Infinity) counts.wait(series, details.wait)
    },
    onGiveup(details: GiveupDetails): void {
      const series = counts.of(details)
      end(series, 'failure', details, outcome(series, details))
      counts.failure(series, details)
    },
    onAbort(details: AbortDetails): void {
      const series = counts.of(details)
      let past = pastOf(details)
      const { tries, exception, reason, duration = 0 } = details
      if (past._tries < tries) {
        // What was judged when the abort came has failed by itself; what ran has ended with its reason.
        if ('exception' in details && exception !== past._exception) past = outcome(series, details as Outcome)
        else counts.attempt(series, { exception: reason }, duration)
      }
      end(series, 'aborted', details, past)
    },
  }
}
