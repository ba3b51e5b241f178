import { clock } from '@backon/core'
import { park } from './patience.ts'
import { type Plan, readScript, type Step } from './steps.ts'

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** An HTTP server that answers as it was told to. */
export interface FaultyServer extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:41234`. */
  readonly url: string
  /** What has been asked so far. */
  readonly requests: readonly SeenRequest[]
  /** Ends every connection, those that stall too, and stops listening. */
  close(): Promise<void>
}

// What this file needs of `node:http`: the types of Node are not there in every project.
interface Request extends AsyncIterable<Uint8Array> {
  method?: string
  url?: string
  headers: Record<string, string | string[] | undefined>
}
interface Response {
  socket: { destroy(): void; resetAndDestroy?(): void } | null
  writeHead(status: number, headers: Record<string, string>): Response
  flushHeaders(): void
  write(text: string, done?: () => void): void
  end(text?: string): void
}
interface Server {
  on(event: 'error', listener: (error: unknown) => void): void
  listen(port: number, host: string, listening: () => void): void
  address(): { port: number }
  close(closed: () => void): void
  closeAllConnections(): void
  unref(): void
}

/**
 * Starts a real HTTP server on 127.0.0.1, on a free port, that plays a script, one step a request: `'ok'`, a status
 * (`'503'`, `'429 retry-after 2'`), `'reset'`, `'half'` (half of the body it has announced, then it hangs up), `'stall'` (no
 * answer at all), and any of these after `'slow 2000'`. A last `'...'` repeats the step before it for ever; requests past
 * the end get a 501 that says so. Every answer ends its connection. Delays run on the clock in force when the server was
 * started: on a virtual clock they take no real time. For Node, and what has its `node:http`; elsewhere it throws.
 */
export const faultyServer = async (script: readonly Step[]): Promise<FaultyServer> => {
  const plan = readScript(script)
  const http = (globalThis as any).process?.getBuiltinModule?.('node:http')
  if (!http) throw new Error('faultyServer() needs node:http, which this runtime does not have: use scripted() instead')
  const time = clock()
  const requests: SeenRequest[] = []

  const answer = (response: Response, step: Plan): void => {
    const { kind, status, retryAfter } = step
    if (kind === 'stall') return park()
    if (kind === 'reset') return response.socket?.resetAndDestroy ? response.socket.resetAndDestroy() : response.socket?.destroy()
    const body = status < 400 ? 'ok' : `status ${status}`
    response.writeHead(status, {
      'connection': 'close',
      'content-type': 'text/plain',
      // None is allowed where there is no body.
      ...(status !== 204 && status !== 304 && { 'content-length': String(kind === 'half' ? body.length * 2 : body.length) }),
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
    })
    if (kind === 'half') response.write(body, () => response.socket?.destroy())
    else response.end(body)
  }

  const serve = async (request: Request, response: Response): Promise<void> => {
    const { method = '', url = '', headers } = request
    // Claimed before anything is awaited, so that requests get the steps in the order they came in.
    const at = requests.push({ method, url, headers, body: '' }) - 1
    const step = plan(requests.length)
    const decoder = new TextDecoder()
    let body = ''
    for await (const chunk of request) body += decoder.decode(chunk, { stream: true })
    requests[at] = { method, url, headers, body }
    if (!step) {
      const text = `the script has ${script.length} steps; this is request ${at + 1}`
      response.writeHead(501, { 'connection': 'close', 'content-length': String(text.length) }).end(text)
    } else if (step.delay > 0) {
      time.setTimeout(() => answer(response, step), step.delay)
      park()
    } else answer(response, step)
  }

  const server: Server = http.createServer((request: Request, response: Response) => {
    // A client that goes away in the middle of its request gets no answer.
    serve(request, response).catch(() => response.socket?.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  // A test that forgets to close it still ends.
  server.unref()
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${server.address().port}`, requests, close, [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: close } as FaultyServer
}
