import { outcome, pause, reset, serve } from '../server.mjs'

export const title = 'the connection is reset in the middle of a body'
export const why = 'All of it on a second try is best, an error is honest, half of it without an error is a fault.'

export async function run({ make }) {
  const server = await serve(async (response, _, nth) => {
    if (nth > 1) return response.end('first half, second half')
    response.writeHead(200, { 'content-length': 23 }).write('first half,')
    await pause(100)
    reset(response)
  })
  const { error, value, hangs } = await outcome(make({ tries: 3, wait: 20 })(server.url).then(({ read }) => read()), 6_000)
  const detail = String(error?.cause ?? error ?? value)
  if (hangs) return { text: 'hangs', good: false }
  if (error) return { text: 'an error', detail }
  return value === 'first half, second half' ? { text: 'starts again', good: true, detail } : { text: 'half, no error', good: false, detail }
}
