import { NonRetryableError } from '@backon/core'

/** An answer that is worth another attempt. It carries the response, where `retryAfter()` finds the header. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  constructor(readonly response: Response) {
    super(`${response.status} ${response.statusText}`)
  }
}

/** Gets a page as text. What the server is unlikely to answer better next time is marked as such. */
export const get = async (url: string, signal: AbortSignal): Promise<string> => {
  const response = await fetch(url, { signal })
  if (response.ok) return response.text()
  await response.body?.cancel()
  if (response.status === 429 || response.status >= 500) throw new HttpError(response)
  throw new NonRetryableError(`${response.status} ${response.statusText}`)
}
