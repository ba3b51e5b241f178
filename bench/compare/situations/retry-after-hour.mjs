import { outcome, serve } from '../server.mjs'

export const title = '429 with `Retry-After: 3600`'
export const why = 'Nobody waits for an hour, and who comes back earlier was told not to: the answer itself is the best there is. Looked at for 3 s.'
export const timed = true

export async function run({ make }) {
  const server = await serve((response) => response.writeHead(429, { 'retry-after': '3600' }).end('busy'))
  const { error, value, hangs } = await outcome(make({ tries: 3, wait: 20 })(server.url), 3_000)
  if (hangs) return { text: 'still waits', good: false }
  if (server.seen.length > 1) return { text: `asks ${server.seen.length} times`, good: false }
  return value ? { text: `you get ${value.status}`, good: value.status === 429 } : { text: 'an error', good: error.status === 429, detail: String(error) }
}
