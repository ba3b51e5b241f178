import { outcome, serve } from '../server.mjs'

export const title = 'a `Request` with a body (PUT), answered by 503: the second request has'
export const why = 'A `Request` is used up when it is sent. A body, or the 503, is an answer; an error about the `Request` hides it.'

export async function run({ make, takesRequest = true, Request = globalThis.Request }) {
  if (!takesRequest) return { text: 'takes no Request' }
  const server = await serve((response, _, nth) => response.writeHead(nth === 1 ? 503 : 200).end('answer'))
  const request = new Request(server.url, { method: 'PUT', body: 'hello' })
  const { error, value, hangs } = await outcome(make({ tries: 3, wait: 20 })(request), 6_000)
  const [, second] = server.seen
  const detail = `${error?.cause ?? error ?? `status ${value?.status}`}; received ${JSON.stringify(server.seen.map(({ body }) => body))}`
  if (hangs) return { text: 'hangs', good: false, detail }
  if (second) return { text: second.body === 'hello' ? 'the body' : `${second.body.length} bytes, no error`, good: second.body === 'hello', detail }
  return error ? { text: `none; ${error.name}`, good: error.status === 503, detail } : { text: `none; you get ${value.status}`, good: value.status === 503, detail }
}
