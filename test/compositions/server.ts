import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export type ServerMood = 'healthy' | 'slow' | 'busy' | 'reset' | 'half' | 'endless' | 'silent' | 'half silent' | 'half busy'

/** A server whose answers that are no success never end by themselves: who does not let go of one keeps its socket. */
export interface Server extends AsyncDisposable {
  readonly url: string
  mood: ServerMood
  /** Connections that are open and have carried a request: one that `fetch` has opened for a request that was left before is its own. */
  readonly sockets: number
  readonly requests: number
}

const answers: Record<ServerMood, (response: ServerResponse, request: number) => unknown> = {
  healthy: (response) => response.end('ok'),
  slow: (response, request) => setTimeout(() => response.end('ok'), request % 2 ? 60 : 5),
  busy(response) {
    response.writeHead(503, { 'retry-after': '0' }).write('busy')
  },
  reset: (response) => response.socket?.resetAndDestroy(),
  half(response) {
    response.writeHead(200, { 'content-length': '100' }).write('half', () => response.socket?.destroy())
  },
  endless: (response) => response.write('and '),
  silent() {},
  'half silent': (response, request) => request % 2 || response.end('ok'),
  'half busy': (response, request) => (request % 2 ? setTimeout(() => response.end('ok'), 60) : answers.busy(response, request)),
}

export const serve = async (): Promise<Server> => {
  const sockets = new Set<Socket>()
  let requests = 0
  const http = createServer(({ socket }, response) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // No connection is kept for the next request.
    response.setHeader('connection', 'close')
    answers[server.mood](response, ++requests)
  })
  http.on('connection', (socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  const server: Server = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    mood: 'healthy',
    get sockets() {
      return sockets.size
    },
    get requests() {
      return requests
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      await new Promise((resolve) => {
        http.close(resolve)
      })
    },
  }
  return server
}
