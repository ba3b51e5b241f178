import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** What the inventory goes through, in ninths of the time: how many requests are slow, and how many fail. */
const phases = [
  { name: 'healthy', until: 3, slow: 0.03, failing: 0.01 },
  { name: 'burning', until: 4, slow: 0.1, failing: 0.3 },
  { name: 'burning', until: 6, slow: 0.3, failing: 0.85 },
  { name: 'recovering', until: Infinity, slow: 0.03, failing: 0.01 },
]

/** The inventory that the service depends on, in a process of its own: it is well, then burns, then is well again. */
export const startUpstream = (seconds: number): void => {
  const began = Date.now()
  const phase = () => phases.find(({ until }) => Date.now() - began < (until * seconds * 1_000) / 9)!
  let seed = 7
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647

  let told = ''
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { name, slow, failing } = phase()
    if (told !== name) console.log(`${Math.round((Date.now() - began) / 1_000)} s: the inventory is ${name}`)
    told = name
    await pause(random() < slow ? 200 : 5 + 10 * random())
    response.statusCode = random() < failing ? 503 : 200
    response.end(JSON.stringify({ path: request.url, inStock: Math.floor(100 * random()) }))
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
  // It ends with the service, which has requests to finish when it is told to end.
  process.on('SIGTERM', () => {}).on('SIGINT', () => {}).on('SIGHUP', () => {})
  process.on('disconnect', () => process.exit())
}
