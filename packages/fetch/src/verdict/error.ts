import { hintOf } from './hints.ts'

/**
 * An answer that failed, as plugins and handlers see it: 408, 425, 429, 5xx, and what `statuses` names. Whoever called `fetch` gets the response itself.
 *
 * @example
 * createFetch({ onBackoff: ({ exception, wait }) => exception instanceof ResponseError && console.log(exception.status, wait) })
 */
export class ResponseError extends Error {
  override readonly name = 'ResponseError'
  /** Handed out in the end, or let go when the next attempt is certain: `clone()` it in `after` to read it. */
  declare readonly response: Response
  declare readonly status: number
  /** How long the server asks to wait, in ms; `undefined` where it has not said. */
  declare readonly retryAfter: number | undefined
  /** `false` where asking again is of no use, or not allowed. */
  declare readonly retryable?: false

  constructor(response: Response, request = 'fetch', retryable = true) {
    const { status, statusText } = response
    super(`${request}: ${status}${statusText && ` ${statusText}`}`)
    this.response = response
    this.status = status
    this.retryAfter = hintOf(response)
    if (!retryable) this.retryable = false
  }
}
