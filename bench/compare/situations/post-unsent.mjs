import { createServer } from 'node:http'
import { outcome, pause } from '../server.mjs'

export const title = 'a POST to a server that restarts: connections are refused for a moment'
export const why = 'Nothing was sent, so a POST may be sent again too.'

/** A port that was free a moment ago. */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

export async function run({ make }) {
  const port = await freePort()
  let executed = 0
  const server = createServer((request, response) => {
    executed += 1
    request.resume().on('end', () => response.end('ok'))
  })
  const call = outcome(make({ tries: 30, wait: 100 })(`http://127.0.0.1:${port}`, { method: 'POST', body: 'one payment' }), 10_000)
  await pause(400)
  server.listen(port, '127.0.0.1')
  const { error, value } = await call
  return { text: value ? 'goes through' : 'error', good: value?.status === 200 && executed === 1, detail: `${error?.cause ?? error ?? value?.status}, executed ${executed}` }
}
