import { outcome, pause, serve } from '../server.mjs'

export const title = 'the body stalls: what ends the call'
export const why = 'Headers come at once, the rest never. Given is the deadline that the client has for a whole call, 500 ms. Looked at for 4 s.'
export const timed = true

export async function run({ make, deadline }) {
  const server = await serve((response) => response.writeHead(200, { 'content-length': 100 }).write('half'))
  const call = make({ tries: 1, wait: 20, deadline: 500 })(server.url).then(({ read }) => read())
  const { error, hangs } = await outcome(call, 4_000)
  await pause(200)
  if (hangs || !error) return { text: 'nothing', good: false }
  return { text: `\`${deadline}\``, good: server.unfinished === 0, detail: `${error?.cause ?? error}; ${server.unfinished} connections left` }
}
