import { outcome, reset, serve } from '../server.mjs'

export const title = 'a PUT is executed, its answer is lost'
export const why = 'A PUT may run twice: it is meant to be sent again.'

export async function run({ make }) {
  const server = await serve((response, _, nth) => (nth < 2 ? reset(response) : response.end('ok')))
  const { error, value } = await outcome(make({ tries: 3, wait: 20 })(server.url, { method: 'PUT', body: 'the new name' }), 6_000)
  const through = value?.status === 200 && server.seen.at(-1).body === 'the new name'
  return { text: through ? 'goes through' : 'error', good: through, detail: String(error?.cause ?? error ?? value?.status) }
}
