import { CallAttempt } from './attempt.ts'
import type { Attempt, Details } from '../types.ts'

const facts = (parent: Attempt): Details => parent.details

/**
 * Makes a further attempt inside an attempt: aborted with it, or alone with `abort(reason)`. For plugins that time an
 * operation or run it more than once. It makes no AbortController until somebody reads a signal.
 */
export const fork = (parent: Attempt): Attempt => {
  const child = new CallAttempt(parent.tries, parent.plugins, parent, facts)
  parent.whenAborted((reason) => child.abort(reason))
  return child
}
