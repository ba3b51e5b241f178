import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFetch, type FetchInit } from './index.ts'

/** Where a request is killed, or what it is answered. Those after `none` have been received, and so executed; so were the statuses of a server that does not know better. */
const points = ['accepted', 'in its head', 'after its head', 'in its body', 'executed', 'in the head of the answer', 'after the head of the answer', 'in the body of the answer', '503', '500', '408', '429', 'ok'] as const
type Point = (typeof points)[number]
interface Step { readonly point: Point; readonly reset: boolean }

/** A server that writes down what it has executed. A request that comes with a key it knows is executed no second time. */
const ledger = async (plan: readonly Step[]) => {
  const executed: string[] = []
  const keys: string[] = []
  const done = new Set<string>()
  const busy = new Set<Socket>()
  let requests = 0
  let reached = 0

  const kill = (socket: Socket, { reset }: Step): void => void (reset ? socket.resetAndDestroy() : socket.destroy())
  const serve = (socket: Socket): void => {
    let text = ''
    let step: Step | undefined
    const next = (): Step => (step ??= plan[requests++] ?? { point: 'ok', reset: false })
    socket.on('error', () => {})
    socket.on('close', () => busy.delete(socket))
    // Nobody can know before the first byte whether a connection that is kept will be used.
    if (plan[requests]?.point === 'accepted') return kill(socket, next())
    socket.on('data', (chunk) => {
      busy.add(socket)
      if (!text) reached++
      text += chunk.toString('latin1')
      const step = next()
      if (step.point === 'accepted' || step.point === 'in its head') return kill(socket, step)
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return
      if (step.point === 'after its head') return kill(socket, step)
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
      if (step.point === 'in its body' && length) return kill(socket, step)
      if (text.length < end + 4 + length) return
      perform(socket, step)
    })
    const perform = (socket: Socket, step: Step): void => {
      const key = /idempotency-key: (.+)\r/i.exec(text)?.[1]
      const head = text.slice(0, text.indexOf(' '))
      text = ''
      forget()
      busy.delete(socket)
      if (key) keys.push(key)
      if (step.point !== '429' && !(key && done.has(key))) executed.push(head)
      if (key) done.add(key)
      const status = /^\d+$/.test(step.point) ? step.point : '200'
      const answer = `HTTP/1.1 ${status} X\r\ncontent-length: 10\r\n\r\n`
      const cut = { executed: '', 'in the head of the answer': answer.slice(0, 20), 'after the head of the answer': answer, 'in the body of the answer': `${answer}half` }[step.point as string]
      if (cut === undefined) socket.write(`${answer}0123456789`)
      else if (cut) socket.write(cut, () => kill(socket, step))
      else kill(socket, step)
    }
    const forget = (): void => void (step = undefined)
  }

  const server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    executed, keys, busy, reached: () => reached,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

const classes = {
  GET: { method: 'GET' },
  PUT: { method: 'PUT', body: 'x'.repeat(2_000) },
  POST: { method: 'POST', body: 'x'.repeat(2_000) },
  'POST without a body': { method: 'POST' },
  'POST with a key': { method: 'POST', body: 'x'.repeat(2_000), headers: { 'idempotency-key': 'mine' } },
  'POST with our key': { method: 'POST', body: 'x'.repeat(2_000), retry: { idempotencyKey: true } },
  'POST of a stream with our key': { method: 'POST', body: () => new Blob(['x'.repeat(2_000)]).stream(), retry: { idempotencyKey: true } },
  'POST of a stream that can be read once': { method: 'POST', retry: { idempotencyKey: true } },
} satisfies Record<string, FetchInit>

const check = async (kind: keyof typeof classes, plan: readonly Step[]): Promise<void> => {
  await using server = await ledger(plan)
  const { retry, ...init }: FetchInit = { ...classes[kind] }
  if (kind === 'POST of a stream that can be read once') init.body = new Blob(['x'.repeat(2_000)]).stream()
  // No connection is used again, so that each plan meets the request that it is for.
  const response = await createFetch({ wait: 0, maxTries: 4, timeout: 5_000 })(server.url, { ...init, headers: { connection: 'close', ...init.headers as object }, retry }).catch((error: unknown) => error)
  if (response instanceof Response) await response.text().catch(() => {})
  else expect(response).toBeInstanceOf(TypeError)

  const { executed, keys } = server
  expect(new Set(keys).size).toBeLessThanOrEqual(1)
  if (kind === 'GET' || kind === 'PUT') expect(server.reached()).toBeLessThanOrEqual(4)
  else expect(executed.length).toBeLessThanOrEqual(1)
  if (kind === 'POST' || kind === 'POST without a body') {
    // Stricter: what the server has seen a byte of, and did not decline, is not sent again.
    const declined = plan.findIndex(({ point }) => point !== '429')
    expect(server.reached()).toBeLessThanOrEqual((declined < 0 ? plan.length : declined) + 1)
  }
  if (kind === 'POST of a stream that can be read once') expect(server.reached()).toBeLessThanOrEqual(1)
  await expect.poll(() => server.busy.size, { interval: 5, timeout: 20_000 }).toBe(0)
}

test.each(Object.keys(classes) as (keyof typeof classes)[])('RT-50 killed at every single point: %s', async (kind) => {
  for (const point of points) for (const reset of [false, true]) await check(kind, [{ point, reset }])
})

test('RT-50 killed at any points one after the other, all classes of requests', async () => {
  const step = fc.record({ point: fc.constantFrom(...points), reset: fc.boolean() })
  await fc.assert(fc.asyncProperty(fc.constantFrom(...(Object.keys(classes) as (keyof typeof classes)[])), fc.array(step, { maxLength: 5 }), check), { numRuns: 150, seed: 50 })
}, 60_000)

test('RT-50 nothing was sent where nobody listens: an unsafe request is sent when somebody does', async () => {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))

  let executed = 0
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => (executed++, socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'))))
  const start = (): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  const response = await createFetch({ wait: 0, onBackoff: start })(`http://127.0.0.1:${port}`, { method: 'POST', body: 'x' })
  expect([await response.text(), executed]).toEqual(['ok', 1])
  await new Promise((resolve) => server.close(resolve))
})

describe('a redirect: the host that sends on has done its work, whatever the next one says', () => {
  /** Takes a POST, and sends on to where its answer is. */
  const front = async (location: string | ((port: number) => string)) => {
    const seen: string[] = []
    const server = createHttpServer((request, response) => {
      seen.push(request.method!)
      request.resume().on('end', () => response.writeHead(303, { location: typeof location === 'string' ? location : location(port) }).end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/`
    return { seen, url, [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    } }
  }
  /** A port where nobody listens. */
  const deadHost = async (): Promise<string> => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise<void>((resolve) => void server.close(() => resolve()))
    return `127.0.0.1:${port}`
  }
  const http = createFetch({ maxTries: 3, wait: 1 })

  test.each<[string, () => Promise<string>]>([['a closed port', deadHost], ['a name that is none', async () => 'nowhere.invalid']])('to %s: a POST is sent once, a GET three times', async (_, host) => {
    await using once = await front(`http://${await host()}/done`)
    await expect(http(once.url, { method: 'POST', body: 'pay' })).rejects.toThrow('fetch failed')
    expect(once.seen).toEqual(['POST'])
    await expect(http(once.url)).rejects.toThrow('fetch failed')
    expect(once.seen).toEqual(['POST', 'GET', 'GET', 'GET'])
  })

  test('to another host at the same port, as most are: the same', async () => {
    await using once = await front((port) => `http://[::1]:${port}/done`)
    await expect(http(once.url, { method: 'POST', body: 'pay' })).rejects.toThrow('fetch failed')
    expect(once.seen).toEqual(['POST'])
  })

  test('to one that is too busy: the same', async () => {
    const calls: string[] = []
    const server = createHttpServer((request, response) => {
      calls.push(request.method!)
      response.writeHead(429).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await using once = await front(`http://127.0.0.1:${(server.address() as AddressInfo).port}/done`)
    expect((await http(once.url, { method: 'POST', body: 'pay' })).status).toBe(429)
    expect([once.seen, calls]).toEqual([['POST'], ['GET']])
    expect((await http(once.url)).status).toBe(429)
    expect(calls).toHaveLength(4)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  test.each<[string, () => Promise<string>]>([['the host itself', async () => `http://${await deadHost()}/`], ['its name', async () => 'http://nowhere.invalid/'], ['its usual port', async () => 'http://127.0.0.1/'], ['that of https', async () => 'https://127.0.0.1/']])(
    'without one a refused connection proves that nothing was sent: %s',
    async (_, urlOf) => {
      const url = await urlOf()
      let tries = 0
      await expect(http(url, { method: 'POST', body: 'pay', retry: { onAttempt: () => void tries++ } })).rejects.toThrow('fetch failed')
      expect(tries).toBe(3)
    },
  )
})
