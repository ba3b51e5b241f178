import { outcome, pause, serve } from '../server.mjs'

export const title = '39 answers of 503 with 100 kB each, then 200: connections still open, of all opened'
export const brief = '40 attempts, 100 kB each: connections still open, of all opened'
export const why = 'A body that nobody reads holds its connection. With enough of them the server, or the pool, is full. Up to 4 that are kept for the next request are fine.'

export async function run({ make }) {
  const body = Buffer.alloc(100_000)
  const server = await serve((response, _, nth) => (nth < 40 ? response.writeHead(503, { 'content-length': body.length }).end(body) : response.end('ok')))
  const request = make({ tries: 40, wait: 15 })
  const { error, value, hangs } = await outcome(request(server.url).then(({ read }) => read()), 20_000)
  await pause(500)
  const left = server.open
  if (value !== 'ok') return { text: hangs ? `hangs after ${server.seen.length}` : `ends after ${server.seen.length}`, good: false, detail: String(error ?? value) }
  return { text: `${left} of ${server.opened}`, good: left <= 4 }
}
