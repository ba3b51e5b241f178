import { clock } from '@backon/core'
import { invalid, isThenable } from '@backon/core/kit'
import { answer, type Given, inFull, isPlan, ofResponse, type Outgoing, readServerStep, type SeenRequest, type ServerAnswer, type ServerStep } from './answer.ts'
import { park, resume } from '../clock/patience.ts'
import { here } from '../scope.ts'
import { type Plan, readScript } from './steps.ts'

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
interface Incoming extends AsyncIterable<Uint8Array> {
  method?: string
  url?: string
  headers: Record<string, string | string[] | undefined>
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
 * Starts a real HTTP server on 127.0.0.1, on a free port, that plays a script, one step a request. A step is in words: `'ok'`, a status
 * (`'503'`, `'429 retry-after 2'`), `'reset'`, `'half'` (half of the body it has announced, then it hangs up), `'stall'` (no answer at all), and any of
 * these after `'slow 2000'` (ms); or an answer in full, `{ status, headers, json }`; a `Response`; or a function of the request that gives one
 * of these. A last `'...'` repeats the step before it for ever; requests past the end get a 501 that says so. What a function throws
 * breaks the connection. Every answer ends its connection.
 *
 * Delays, and the waits of functions and streams, run on the clock in force when the server was started: on a virtual clock they take no
 * real time, and what is real in them goes into `clock.real()`. For Node, and what has its `node:http`; elsewhere it throws.
 *
 * @example
 * ```ts
 * await using server = await faultyServer(['503 retry-after 1', { json: { name: 'Ada' } }, '...'])
 * const response = await retry(() => fetch(server.url), { predicate: ({ ok }) => !ok, wait: retryAfter() })
 * await response.json() // { name: 'Ada' }
 * ```
 */
export const faultyServer = async (script: readonly ServerStep[]): Promise<FaultyServer> => {
  const plan = readScript(script, readServerStep)
  const http = (globalThis as any).process?.getBuiltinModule?.('node:http')
  if (!http) throw new Error('faultyServer() needs node:http, which this runtime does not have: use scripted() instead')
  const time = clock()
  const requests: SeenRequest[] = []

  const later = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      time.setTimeout(() => {
        resume()
        resolve()
      }, ms)
      park()
    })

  const play = async (response: Outgoing, step: ServerAnswer | Response | Plan): Promise<void> => {
    if (step instanceof Response) return answer(response, ofResponse(step))
    if (step.delay! > 0) await later(step.delay!)
    if (!isPlan(step)) return answer(response, step)
    if (step.kind === 'stall') return park()
    if (step.kind === 'reset') return response.socket?.resetAndDestroy ? response.socket.resetAndDestroy() : response.socket?.destroy()
    return answer(response, inFull(step))
  }

  /** What a function gave can only be told to be no step by answering so. */
  const read = (given: Given): ServerAnswer | Response | Plan => {
    try {
      return typeof given === 'function' ? invalid('step', 'an answer, where a function gives one', given) : (readServerStep(given) as ServerAnswer)
    } catch (error) {
      return { status: 501, body: String(error) }
    }
  }

  /** Asks a function. What it does until it has answered runs on virtual time. */
  const asked = async (step: (request: SeenRequest, run: number) => Given | PromiseLike<Given>, request: SeenRequest, run: number): Promise<ServerAnswer | Response | Plan> => {
    const given = step(request, run)
    if (!isThenable(given)) return read(given)
    park()
    const settled = await given
    resume()
    return read(settled)
  }

  const serve = async (incoming: Incoming, response: Outgoing): Promise<void> => {
    const { method = '', url = '', headers } = incoming
    // Claimed before anything is awaited, so that requests get the steps in the order they came in.
    const run = requests.push({ method, url, headers, body: '' })
    const step = plan(run)
    const decoder = new TextDecoder()
    let body = ''
    for await (const chunk of incoming) body += decoder.decode(chunk, { stream: true })
    const request = (requests[run - 1] = { method, url, headers, body })
    if (step) await play(response, typeof step === 'function' ? await asked(step, request, run) : (step as ServerAnswer | Response | Plan))
    else await answer(response, { status: 501, body: `the script has ${script.length} steps; this is request ${run}` })
  }

  const inScope = here()
  const server: Server = http.createServer((incoming: Incoming, response: Outgoing) => {
    // A client that goes away in the middle of its request gets no answer, nor does one whose answer throws.
    inScope(() => void serve(incoming, response).catch(() => response.socket?.destroy()))
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
