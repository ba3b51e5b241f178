import { outcome, serve } from '../server.mjs'

export const title = 'PUT of an async iterable, answered by 503: the second request has'
export const brief = 'a stream after a 503: the second request has'
export const why = 'A stream can be read once. What must not happen is a second request without the body, and without an error.'

export async function run({ make }) {
  const server = await serve((response, _, nth) => response.writeHead(nth === 1 ? 503 : 200).end('answer'))
  async function* body() {
    yield Buffer.from('hello ')
    yield Buffer.from('world')
  }
  const { error, value, hangs } = await outcome(make({ tries: 3, wait: 20 })(server.url, { method: 'PUT', body: body() }), 6_000)
  const [first, second] = server.seen
  const detail = `${error?.cause ?? error ?? `status ${value?.status}`}; received ${JSON.stringify(server.seen.map(({ body }) => body))}`
  if (first?.body !== 'hello world') return { text: error ? 'takes none' : 'first one empty', good: error ? undefined : false, detail }
  if (hangs) return { text: 'hangs', good: false, detail }
  if (second) return { text: second.body === 'hello world' ? 'the body' : `${second.body.length} bytes, no error`, good: second.body === 'hello world', detail }
  return error ? { text: 'none; 503 becomes an error', good: false, detail } : { text: `none; you get ${value.status}`, good: value.status === 503, detail }
}
