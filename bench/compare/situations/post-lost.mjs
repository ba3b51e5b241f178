import { outcome, reset, serve } from '../server.mjs'

export const title = 'a POST is executed, its answer is lost: executed'
export const brief = 'a POST whose answer is lost is executed'
export const why = 'The server has charged the card, then the connection breaks. A second request charges it again.'

export async function run({ make }) {
  const server = await serve((response, _, nth) => (nth < 3 ? reset(response) : response.end('ok')))
  const { error, value } = await outcome(make({ tries: 3, wait: 20 })(server.url, { method: 'POST', body: 'one payment' }), 6_000)
  const times = server.seen.length
  return { text: times === 1 ? 'once' : `${times} times`, good: times === 1, detail: String(error?.cause ?? error ?? value?.status) }
}
