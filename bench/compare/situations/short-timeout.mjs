import { outcome, serve } from '../server.mjs'

export const title = 'the body takes 2 s, `timeout` is 500 ms'
export const why = 'Does the timeout of an attempt count until the headers, or until the end of the body? Both are used; one has to know which.'
export const timed = true

export async function run({ make }) {
  const server = await serve((response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).write('slow ')
    setTimeout(() => response.end('body'), 2_000)
  })
  const { error, value } = await outcome(make({ tries: 1, wait: 20, timeout: 500 })(server.url).then(({ read }) => read()), 6_000)
  return { text: value === 'slow body' ? 'until the headers' : 'with the body', detail: String(error ?? value) }
}
