import { outcome, serve } from '../server.mjs'

export const title = 'no answer to the first GET, `timeout` 500 ms: three attempts'
export const why = 'A timeout is for one attempt; after it comes the next. Looked at for 5 s.'
export const timed = true

export async function run({ make }) {
  const server = await serve((response, _, nth) => nth > 1 && response.end('ok'))
  const { error, value, hangs } = await outcome(make({ tries: 3, wait: 20, timeout: 500 })(server.url), 5_000)
  const detail = String(error?.cause ?? error ?? value?.status)
  return hangs ? { text: 'hangs', good: false, detail } : value ? { text: 'the second answers', good: true, detail } : { text: 'an error', good: false, detail }
}
