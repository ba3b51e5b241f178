import { outcome, serve } from '../server.mjs'

export const title = 'HEAD answered by 503, then 204'
export const why = 'Answers without a body have nothing to read, and nothing to wait for.'

export async function run({ make }) {
  const server = await serve((response, _, nth) => response.writeHead(nth === 1 ? 503 : 204, nth === 1 ? { 'content-length': 5_000 } : {}).end())
  const { error, value, hangs } = await outcome(make({ tries: 3, wait: 20 })(server.url, { method: 'HEAD' }).then(async ({ status, read }) => [status, (await read()) || '']), 6_000)
  const good = value?.[0] === 204 && value[1] === ''
  return { text: good ? 'fine' : hangs ? 'hangs' : error ? 'an error' : `you get ${value[0]}`, good, detail: `${error?.cause ?? error ?? value}` }
}
