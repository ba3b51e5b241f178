import { clock, TimeoutError } from '@backon/core'
import { close, withBody } from './like.ts'

/**
 * Bounds the silence while a read of a body waits for data: after `ms` the read fails with a TimeoutError, and the connection is let go. A body that nobody
 * reads is not timed.
 */
export const bounded = (response: Response, ms: number, name: string, controller: AbortController): Response => {
  const reader = response.body!.getReader()
  const time = clock()
  const pull = async (sink: ReadableByteStreamController): Promise<void> => {
    const timer = time.setTimeout(() => {
      const error = new TimeoutError(`${name}: no data within ${ms} ms`)
      sink.error(error)
      controller.abort(error)
      // For who does not listen to signals.
      reader.cancel(error).catch(() => {})
    }, ms)
    try {
      let read = await reader.read()
      while (read.value?.byteLength === 0) read = await reader.read()
      if (read.done) close(sink)
      else sink.enqueue(read.value as Uint8Array<ArrayBuffer>)
    } finally {
      time.clearTimeout(timer)
    }
  }

  return withBody(response, new ReadableStream({ type: 'bytes', pull, cancel: (reason) => reader.cancel(reason) }))
}
