import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How one request is answered. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void

export const ok: Behaviour = (_, response) => response.writeHead(200).end('ok')

export const notFound: Behaviour = (_, response) => response.writeHead(404).end()

/** 503, with `Retry-After` in seconds when the server knows when to come back. */
export const unavailable =
  (retryAfter?: number): Behaviour =>
  (_, response) =>
    response.writeHead(503, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }).end()

/** Sends a TCP reset instead of an answer. */
export const reset: Behaviour = (request) => void request.socket.resetAndDestroy()

/** The right answer, after `ms`, unless the client has gone by then. */
export const slow =
  (ms: number): Behaviour =>
  (request, response) => {
    const timer = setTimeout(() => ok(request, response), ms)
    response.on('close', () => clearTimeout(timer))
  }

export interface Server extends AsyncDisposable {
  readonly url: string
  /** Requests that have arrived. */
  readonly requests: number
  /** Answers the next requests for `path` in these ways, one each; the last one stays. */
  script(path: string, ...behaviours: Behaviour[]): void
}

/** Starts a real HTTP server on a free port of this machine alone. A path without a script answers 200. */
export const startServer = async (): Promise<Server> => {
  const scripts = new Map<string, Behaviour[]>()
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    const script = scripts.get(request.url ?? '/') ?? [ok]
    const behaviour = script.length > 1 ? script.shift()! : script[0]!
    behaviour(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests
    },
    script(path, ...behaviours) {
      scripts.set(path, behaviours)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
