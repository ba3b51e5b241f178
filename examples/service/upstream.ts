import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** The inventory that the service depends on, in a process of its own: now and then slow or failing, and down for half a second in each three. */
export const startUpstream = (): void => {
  const began = Date.now()
  let seed = 7
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const down = (Date.now() - began) % 3_000 > 2_500 && Date.now() - began < 60_000
    await pause(random() < 0.1 ? 200 : 5 + 10 * random())
    response.statusCode = down || random() < 0.15 ? 503 : 200
    response.end(JSON.stringify({ path: request.url, inStock: Math.floor(100 * random()) }))
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
  // Without the service it has no work.
  process.on('disconnect', () => process.exit())
}
