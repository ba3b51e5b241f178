import { clock, TimeoutError } from '@backon/core'
import { arm } from '@backon/core/kit'

/** Keeps what a new Response cannot be given, in its clones too. */
const like = (response: Response, { redirected, type, url }: Response): Response => {
  const clone = response.clone.bind(response)
  return Object.defineProperties(response, {
    redirected: { value: redirected },
    type: { value: type },
    url: { value: url },
    clone: { value: () => like(clone(), response) },
  })
}

/**
 * Bounds the silence while a read of a body waits for data: after `ms` the read fails with a TimeoutError, and the connection is let go. A body that nobody
 * reads is not timed.
 */
export const bounded = (response: Response, ms: number, name: string, controller: AbortController): Response => {
  const { body, headers, status, statusText } = response
  const reader = body!.getReader()
  const time = clock()
  const timer = { _timer: undefined }
  const stream = new ReadableStream({
    type: 'bytes',
    pull: (sink) =>
      new Promise<void>((resolve, reject) => {
        const settle =
          <Value>(how: (value: Value) => void) =>
          (value: Value): void => {
            time.clearTimeout(timer._timer)
            how(value)
          }
        const silent = (): void => {
          const error = new TimeoutError(`${name}: no data within ${ms} ms`)
          reject(error)
          controller.abort(error)
          reader.cancel(error).catch(() => {})
        }
        const read = (): Promise<void> =>
          reader.read().then(({ done, value }) => {
            if (done) {
              sink.close()
              // A read into a buffer of the reader's own ends with it.
              sink.byobRequest?.respond(0)
            } else if (value.byteLength) sink.enqueue(value)
            else return read()
          })
        arm(timer, time, ms, silent)
        read().then(settle(resolve), settle(reject))
      }),
    cancel: (reason) => reader.cancel(reason),
  })
  return like(new Response(stream, { headers, status, statusText }), response)
}
