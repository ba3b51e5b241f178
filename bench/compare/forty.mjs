import { outcome, pause, serve } from './server.mjs'

/** Answers 39 requests with 503 and 100 kB each, the next with 200, and counts the connections. */
export async function forty({ make }) {
  const body = Buffer.alloc(100_000)
  const server = await serve((response, _, nth) => (nth < 40 ? response.writeHead(503, { 'content-length': body.length }).end(body) : response.end('ok')))
  const { error, hangs, value } = await outcome(make({ tries: 40, wait: 15 })(server.url).then(({ read }) => read()), 20_000)
  await pause(500)
  const { open, opened } = server
  const detail = `${open} of ${opened} open after ${server.seen.length} requests`
  if (value !== 'ok') return { open, opened, failed: { text: hangs ? `hangs after ${server.seen.length}` : `ends after ${server.seen.length}`, good: false, detail: `${error ?? value}; ${detail}` } }
  return { open, opened, detail }
}
