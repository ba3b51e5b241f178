import { createServer } from 'node:http'

/** A server that answers as scripted, one request after another, and then `200`. */
export async function scripted(...answers) {
  const seen = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    const { status = 200, headers, body = { name: 'Ada' }, hang } = answers.shift() ?? {}
    if (hang) return
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
