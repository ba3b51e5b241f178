import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Attempt } from '@backon/core'
import { afterEach, expect, test } from 'vitest'
import { hedge } from './hedge.ts'

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve).closeAllConnections())))
})

/** A server on a port of its own. It answers with that status, when `ready` says so; `closed` settles when its client hangs up. */
const replica = async (status: number, ready: Promise<unknown> = Promise.resolve()) => {
  let hungUp: () => void
  const closed = new Promise<void>((resolve) => (hungUp = resolve))
  let requests = 0
  const server = createServer((_, response) => {
    requests++
    response.on('close', () => hungUp())
    void ready.then(() => response.writeHead(status, status === 200 ? {} : { 'x-bad': '1' }).end(`replica says ${status}`))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, closed, requests: () => requests }
}

/** The recipe of the README. */
const ask = (replicas: readonly string[], statuses?: number[]): Promise<Response> =>
  hedge(
    async ({ copy, signal }: Attempt) => {
      const response = await fetch(replicas[copy - 1]!, { signal })
      statuses?.push(response.status)
      return response
    },
    {
      wait: 0,
      maxHedge: replicas.length,
      timeout: 10_000,
      isFailure: ({ value, exception }) => exception !== undefined || value!.status >= 500,
    },
  )

test('F-48 replicas that answer 500 at once do not win over one that takes longer', async () => {
  const statuses: number[] = []
  let answer: (() => void) | undefined
  const bad = [await replica(500), await replica(500)]
  const good = await replica(200, new Promise<void>((resolve) => (answer = resolve)))
  const promise = ask([bad[0]!.url, good.url, bad[1]!.url], statuses)
  while (statuses.length < 2) await new Promise(setImmediate)
  answer!()
  const response = await promise
  expect([statuses, response.status, await response.text()]).toEqual([[500, 500, 200], 200, 'replica says 200'])
  expect([...bad, good].map(({ requests }) => requests())).toEqual([1, 1, 1])
})

test('when all answer 500 the last answer comes out, and its body can be read', async () => {
  const replicas = [await replica(500), await replica(503)]
  const response = await ask(replicas.map(({ url }) => url))
  expect(await response.text()).toBe(`replica says ${response.status}`)
})

test('a replica that is down does not keep the others from answering', async () => {
  const good = await replica(200)
  expect((await ask(['http://127.0.0.1:1/', good.url])).status).toBe(200)
})

test('a request that lost is cancelled through its signal: its server sees the client hang up', async () => {
  const slow = await replica(200, new Promise(() => {}))
  const fast = await replica(200)
  const response = await ask([slow.url, fast.url])
  expect(await response.text()).toBe('replica says 200')
  await slow.closed
})
