import { clock, TimeoutError } from '@backon/core'
import { close, withBody } from './like.ts'

/**
 * Bounds the silence while a read of a body waits for data: after `ms` the read fails with a TimeoutError, and the connection is let go. A body that nobody
 * reads is not timed.
 */
export const bounded = (response: Response, ms: number, name: string, controller: AbortController): Response => {
  const reader = response.body!.getReader()
  const time = clock()
  let timer: unknown

  const read = async (sink: ReadableByteStreamController): Promise<void> => {
    const { done, value } = await reader.read()
    if (done) close(sink)
    else if (value.byteLength) sink.enqueue(value as Uint8Array<ArrayBuffer>)
    else await read(sink)
  }
  const pull = (sink: ReadableByteStreamController): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      timer = time.setTimeout(() => {
        const error = new TimeoutError(`${name}: no data within ${ms} ms`)
        reject(error)
        controller.abort(error)
        reader.cancel(error).catch(() => {})
      }, ms)
      read(sink).then(resolve, reject)
    }).finally(() => time.clearTimeout(timer))

  return withBody(response, new ReadableStream({ type: 'bytes', pull, cancel: (reason) => reader.cancel(reason) }))
}
