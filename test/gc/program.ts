// Run with --expose-gc: what lives after a call and what does not, with the platform's own fetch. Prints one line of JSON.
import { getEventListeners } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Attempt, type Operation, type Options, retry, Retrying, timeout } from '@backon/core'
import { hedging } from '@backon/hedge'
import { CircuitBreaker } from '@backon/breaker'

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
const collect = async (): Promise<void> => {
  for (let round = 0; round < 5; round++) {
    await turn()
    global.gc!()
  }
}

/** Sends a head and the beginning of a body, and then nothing. */
const server = createServer((_, response) => {
  response.writeHead(200)
  response.write('begins')
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const load: Operation<Response> = ({ signal }) => fetch(url, { signal })
const ways: Record<string, [Options, Operation<Response>?]> = {
  bare: [{}],
  deadline: [{ maxTime: 60_000 }],
  timeout: [{ use: [timeout(60_000)] }],
  hedge: [{ use: [hedging({ wait: 60_000 })] }],
  'hedge of copies at once': [{ use: [hedging({ wait: 0, maxHedge: 2 })] }],
  breaker: [{ use: [new CircuitBreaker()] }],
  'timeout in a hedge in a breaker': [{ use: [new CircuitBreaker(), hedging({ wait: 60_000 }), timeout(60_000)] }],
  'a retry inside': [{ use: [new Retrying()] }],
  'a call inside': [{}, (attempt: Attempt) => retry(load, { signal: attempt.signal })],
}

/** After the call, and after a garbage collection, the caller's abort still ends the body that is being read. */
const heard: Record<string, string> = {}
for (const [name, [options, operation = load]] of Object.entries(ways)) {
  const controller = new AbortController()
  const response = await retry(operation, { ...options, signal: controller.signal })
  await collect()
  const text = response.text().then(() => 'it ends by itself', (error: unknown) => (error === controller.signal.reason ? 'ends with the reason' : `another error: ${String(error)}`))
  await collect()
  controller.abort(new Error('left'))
  // The loop of events turns until the server has nothing more to say, which is never: so many turns are enough.
  const hangs = (async () => {
    for (let turns = 0; turns < 2_000; turns++) await turn()
    return 'hangs'
  })()
  heard[name] = await Promise.race([text, hangs])
}

/** Nothing of calls that are over is kept by a signal that outlives them. */
const longLived = new AbortController()
const listenersBefore = getEventListeners(longLived.signal, 'abort').length
const used = async (): Promise<number> => {
  await collect()
  return process.memoryUsage().heapUsed
}
const round = async (): Promise<void> => {
  for (let count = 0; count < 20_000; count++) await retry((attempt) => void attempt.signal, { signal: longLived.signal })
}
await round()
const before = await used()
await round()
const after = await used()
const listenersAfter = getEventListeners(longLived.signal, 'abort').length

/** Loops that were begun and dropped, and calls inside one long attempt, are forgotten. */
const policy = new Retrying({ signal: longLived.signal, maxTime: 600_000 })
const drop = async (): Promise<void> => {
  for (let count = 0; count < 20_000; count++) await policy[Symbol.asyncIterator]().next()
}
await drop()
const beforeDrop = await used()
await drop()
const afterDrop = await used()

let beforeNest = 0
let afterNest = 0
await retry(async (attempt) => {
  const nest = async (): Promise<void> => {
    for (let count = 0; count < 20_000; count++) await policy.wrap((inner) => void inner.signal)(attempt)
  }
  await nest()
  beforeNest = await used()
  await nest()
  afterNest = await used()
})
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
process.stdout.write(JSON.stringify({ heard, grown: after - before, listenersBefore, listenersAfter, grownByLoops: afterDrop - beforeDrop, grownByNesting: afterNest - beforeNest, timers }), () => process.exit())
