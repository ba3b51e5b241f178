import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A request as it arrived, with its body once that is there. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A real server on 127.0.0.1 whose sockets are counted. */
export interface Counting extends AsyncDisposable {
  readonly url: string
  readonly seen: readonly Seen[]
  /** Connections that were ever made, and those that are still there. */
  readonly opened: number
  readonly open: number
  /** Resolves once at most so many connections are left that have something under way. */
  quiet(busy?: number): Promise<void>
}

/** Starts a server; `answer` gets the number of the request, the first is 1. Without a body read by then it is collected first. */
export const serve = async (answer: (response: ServerResponse, seen: Seen, nth: number) => unknown): Promise<Counting> => {
  const sockets = new Set<Socket>()
  const busy = new Set<Socket>()
  const seen: Seen[] = []
  let opened = 0
  const server = createServer((request, response) => {
    const { socket } = request
    busy.add(socket)
    response.on('close', () => busy.delete(socket))
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      const one = { method: request.method!, path: request.url!, headers: request.headers, body }
      void answer(response, one, seen.push(one))
    })
    request.on('error', () => {})
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    opened++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      busy.delete(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get opened() {
      return opened
    },
    get open() {
      return sockets.size
    },
    async quiet(left = 0) {
      while (busy.size > left) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
