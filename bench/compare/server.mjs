import { createServer } from 'node:http'

/**
 * Starts a server on 127.0.0.1 that counts what is done to it. `answer` gets the response, the request (with its `body`, read to the end unless `early`) and the number
 * of the request, from 1.
 */
export async function serve(answer, { early = false } = {}) {
  const sockets = new Set()
  const unfinished = new Set()
  const seen = []
  const server = createServer((request, response) => {
    const one = { method: request.method, path: request.url, headers: request.headers, body: '', at: performance.now() }
    const nth = seen.push(one)
    unfinished.add(request.socket)
    response.on('close', () => unfinished.delete(request.socket))
    request.on('error', () => {})
    response.on('error', () => {})
    request.setEncoding('utf8').on('data', (text) => (one.body += text))
    if (early) answer(response, one, nth)
    else request.on('end', () => answer(response, one, nth))
  })
  server.keepAliveTimeout = 60_000
  let opened = 0
  server.on('connection', (socket) => {
    opened += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      unfinished.delete(socket)
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    /** Connections that were ever made. */
    get opened() {
      return opened
    },
    /** Connections that are there now. */
    get open() {
      return sockets.size
    },
    /** Connections on which an answer was begun that is not over. */
    get unfinished() {
      return unfinished.size
    },
  }
}

/** Resets the connection of an answer: what a crash looks like from the other side. */
export const reset = (response) => response.socket?.resetAndDestroy()

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** How a promise ends: `{ value }`, `{ error }`, or `{ hangs: true }` after so many ms; `after` is how long it took. */
export async function outcome(promise, limit) {
  const start = performance.now()
  const late = new Promise((resolve) => setTimeout(resolve, limit, { hangs: true }))
  const end = Promise.resolve(promise).then((value) => ({ value }), (error) => ({ error: error ?? new Error('nothing') }))
  return { ...(await Promise.race([end, late])), after: performance.now() - start }
}

/** Seconds, as somebody would say them. */
export const seconds = (ms) => (ms < 950 ? `${Math.ceil(ms / 100) / 10} s` : `${Math.round(ms / 1_000)} s`)
