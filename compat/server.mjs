// The server that the checks of @backon/fetch ask, in every runtime. It answers as the path says: /fetch/<id>/<plan>, one word of the plan for each request with that id,
// the last one for all further ones. /fetch/<id> tells what has been received. Also the files for the browser are given out by it.
import { createServer } from 'node:http'

const version = '0123456789'.repeat(20_000)

/** What each word of a plan does. */
const answers = {
  ok: (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('ok'),
  503: (response) => response.writeHead(503).end('busy'),
  404: (response) => response.writeHead(404).end('none'),
  204: (response) => response.writeHead(204).end(),
  429: (response) => response.writeHead(429, { 'retry-after': '7' }).end('slow down'),
  large: (response) => response.writeHead(503).end(Buffer.alloc(100_000, 'x')),
  endless: (response) => {
    response.writeHead(503).write('busy')
    const timer = setInterval(() => response.write('.'), 10)
    response.on('close', () => clearInterval(timer))
  },
  redirect: (response, path) => response.writeHead(302, { location: `${path.replace(/\/redirect.*$/, '')}-end/ok` }).end(),
  loop: (response, path) => response.writeHead(302, { location: path }).end(),
  hang: () => {},
  reset: (response) => response.socket.resetAndDestroy(),
  close: (response) => response.socket.destroy(),
  stall: (response) => response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 100 }).write('half'),
  cut: (response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': version.length, 'accept-ranges': 'bytes', etag: '"1"' }).write(version.slice(0, 120_000))
    setTimeout(() => response.socket.resetAndDestroy(), 100)
  },
  rest: (response, path, { range = 'bytes=0-' }) => {
    const from = Number(/\d+/.exec(range)[0])
    const rest = version.slice(from)
    response.writeHead(206, { 'content-type': 'text/plain', 'content-length': rest.length, 'content-range': `bytes ${from}-${version.length - 1}/${version.length}`, etag: '"1"' }).end(rest)
  },
}

/** The URL of a port that was free a moment ago: connections to it are refused. */
const freeUrl = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(`http://127.0.0.1:${port}/`))
    })
  })

/** Starts it; `files` answers what is no plan. */
export async function startServer(files = (request, response) => response.writeHead(404).end()) {
  const seen = new Map()
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const [, first, id, plan] = pathname.split('/')
    if (first !== 'fetch') return files(request, response)
    // Of connections that are kept a runtime may itself use another one once more.
    response.setHeader('connection', 'close')
    response.setHeader('cache-control', 'no-store')
    if (id === 'nobody') return freeUrl().then((url) => response.end(url))
    if (plan === undefined) return response.setHeader('content-type', 'application/json').end(JSON.stringify(seen.get(id) ?? []))
    const list = seen.get(id) ?? seen.set(id, []).get(id)
    const words = plan.split(',')
    const word = words[Math.min(list.length, words.length - 1)]
    const one = { method: request.method, body: '', key: request.headers['idempotency-key'], count: request.headers['x-retry-count'] }
    list.push(one)
    request.on('error', () => {}).setEncoding('utf8').on('data', (text) => (one.body += text))
    response.on('close', () => (one.over = true))
    request.on('end', () => answers[word](response, pathname, request.headers))
  })
  server.on('connection', (socket) => socket.on('error', () => {}))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${server.address().port}`, close }
}
