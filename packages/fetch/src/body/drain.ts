import { clock } from '@backon/core'

/** What is read at most of a body that nobody wants, so that its connection can be used again; more costs more than a new connection. */
const bytes = 64 * 1024
/** And for how long at most, in ms. */
const patience = 100

/**
 * Lets a response go: reads the rest of its body, so that the connection is free for the next attempt, or cancels it where it is large or slow. Never throws,
 * and leaves a body alone that somebody else reads. `left` is how much time the call has.
 */
export const drain = async (response: Response | undefined, controller: AbortController, left: number): Promise<void> => {
  const body = response?.body
  if (!body || body.locked) return
  const time = clock()
  // Some libraries have a stream of Node there: that one is cut off.
  const reader = body.getReader?.()
  const cancel = (): void => {
    controller.abort()
    // For who does not listen to signals.
    reader?.cancel().catch(() => {})
  }
  if (!reader || Number(response!.headers?.get('content-length')) > bytes) return cancel()
  const timer: any = time.setTimeout(cancel, Math.min(patience, left))
  timer?.unref?.()
  try {
    for (let rest = bytes; rest >= 0; ) {
      const { done, value } = await reader.read()
      if (done) return
      rest -= value.byteLength
    }
    cancel()
  } catch {
    // It was cut off: that will do.
  } finally {
    time.clearTimeout(timer)
  }
}
