import { answer, report } from '@backon/core/kit'

/**
 * Asks one of the user's functions. What it throws, a promise and an answer that `accept` throws for are reported, once, and
 * `otherwise` stands: a fault in a filter is not the caller's, whose call has its outcome already.
 */
export const ask = <Answer>(name: string, question: () => Answer, otherwise: Answer, accept = (given: Answer): Answer => given): Answer => {
  try {
    return accept(answer(name, question()))
  } catch (error) {
    report(error)
    return otherwise
  }
}
