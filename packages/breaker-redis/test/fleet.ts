import { type ChildProcess, fork } from 'node:child_process'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bundle } from '../../../scripts/bundle.mjs'

/** A service that is well, down or slow, and counts the requests that reach it. */
export interface Service extends AsyncDisposable {
  readonly url: string
  requests: number
  state: 'up' | 'down' | 'slow'
  /** Answers those that wait while it is slow. */
  answer(status: number): void
  /** Resolves when so many requests have come. */
  reached(requests: number): Promise<void>
}

export const startService = async (): Promise<Service> => {
  const waiting = new Set<ServerResponse>()
  const watchers = new Set<() => void>()
  const service = {
    url: '',
    requests: 0,
    state: 'up' as Service['state'],
    answer(status: number) {
      for (const response of waiting) response.writeHead(status).end('late')
      waiting.clear()
    },
    async reached(requests: number) {
      while (service.requests < requests) await new Promise<void>((resolve) => watchers.add(resolve))
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const server = createServer((_request, response) => {
    service.requests++
    if (service.state === 'slow') waiting.add(response)
    else response.writeHead(service.state === 'up' ? 200 : 503).end(service.state)
    for (const resolve of watchers) resolve()
    watchers.clear()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return service
}

/** A process of the fleet. */
export class Worker {
  readonly child: ChildProcess
  readonly #answers = new Map<number, (result: any) => void>()
  #id = 0

  constructor(file: string, setup: object) {
    this.child = fork(file, [JSON.stringify(setup)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.child.on('message', (message: any) => {
      this.#answers.get(message === 'ready' ? 0 : message.id)?.(message.result)
      this.#answers.delete(message.id)
    })
  }

  readonly ready = new Promise<void>((resolve) => this.#answers.set(0, resolve))

  /** Resolves with what came of it; `waits`: when all that it has to say to the store is said. */
  does(act: 'call' | 'state' | 'ripe', waits = false): Promise<any> {
    const id = ++this.#id
    return new Promise((resolve) => {
      this.#answers.set(id, resolve)
      this.child.send({ id, act, waits })
    })
  }
}

export interface Fleet extends AsyncDisposable {
  readonly workers: readonly [Worker, Worker, ...Worker[]]
}

let file: Promise<string> | undefined

/** Forks processes that end with this one, and waits until all are ready. */
export const startFleet = async (size: number, setup: object | ((i: number) => object)): Promise<Fleet> => {
  const outfile = new URL('../node_modules/.cache/fleet/worker.mjs', import.meta.url).pathname
  file ??= bundle(new URL('worker.ts', import.meta.url).pathname, outfile).then(() => outfile)
  const path = await file
  const workers = Array.from({ length: size }, (_, i) => new Worker(path, typeof setup === 'function' ? setup(i) : setup))
  await Promise.all(workers.map(({ ready }) => ready))
  return {
    workers: workers as any,
    async [Symbol.asyncDispose]() {
      await Promise.all(
        workers.map(async ({ child }) => {
          if (child.exitCode !== null || child.signalCode) return
          const ended = new Promise((resolve) => child.once('exit', resolve))
          child.kill('SIGKILL')
          await ended
        }),
      )
    },
  }
}
