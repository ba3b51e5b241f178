import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { http as mocked, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { fetch as undiciFetch, H2CClient, MockAgent } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensure } from '../../../scripts/system.mjs'
import { createFetch, type ResponseError } from './index.ts'
import { resumable } from './resume.ts'

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const nginx = ensure('nginx')
if (!nginx.path) process.stderr.write(`SKIPPED: the tests that need nginx: ${nginx.why}\n`)

describe.skipIf(!nginx.path)(`Debian's nginx${nginx.why ? ` (skipped: ${nginx.why})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'backon-nginx-'))
  const text = 'nginx serves this line again and again\n'.repeat(10_000)
  let url = ''
  let stop: () => Promise<unknown>

  beforeAll(async () => {
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    mkdirSync(join(folder, 'www'))
    mkdirSync(join(folder, 'tmp'))
    writeFileSync(join(folder, 'www/file.txt'), text)
    writeFileSync(join(folder, 'www/plain.bin'), text)
    writeFileSync(join(folder, 'nginx.conf'), `
      daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log; user root;
      events { worker_connections 64; }
      http {
        access_log off; root ${folder}/www; default_type application/octet-stream; types { text/plain txt; }
        client_body_temp_path ${folder}/tmp; proxy_temp_path ${folder}/tmp; fastcgi_temp_path ${folder}/tmp; uwsgi_temp_path ${folder}/tmp; scgi_temp_path ${folder}/tmp;
        limit_req_zone $binary_remote_addr zone=one:1m rate=20r/s; limit_req_status 429;
        server {
          listen 127.0.0.1:${port}; keepalive_timeout 60s;
          location / { gzip on; gzip_types text/plain; }
          location /limited { limit_req zone=one; try_files /plain.bin =404; }
          location /status { stub_status; }
          location /gone { proxy_pass http://127.0.0.1:1; }
        }
      }`)
    const child = spawn(nginx.path!, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
    stop = async () => (child.kill('SIGTERM'), await once(child, 'exit'))
    for (;;) {
      const socket = connect(port, '127.0.0.1')
      if (await new Promise((resolve) => socket.on('connect', () => resolve(true)).on('error', () => resolve(false)))) {
        socket.destroy()
        break
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })
  afterAll(async () => {
    await stop?.()
    rmSync(folder, { recursive: true })
  })

  test('a limit of requests is waited for, whatever the method', async () => {
    const http = createFetch({ wait: 30, maxTries: 40, jitter: null })
    let refused = 0
    const use = [{ onBackoff: ({ exception }: any) => void ((exception as ResponseError).status === 429 && refused++) }]
    for (let i = 0; i < 4; i++) {
      const response = await http(`${url}/limited`, { retry: { use } })
      expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, text.length])
    }
    expect(refused).toBeGreaterThan(0)
  })

  test('an upstream that is gone is a 502, asked for again by what is idempotent, on few connections', async () => {
    const before = Number(/Active connections: (\d+)/.exec(await (await fetch(`${url}/status`)).text())![1])
    const http = createFetch({ wait: 1, maxTries: 40 })
    let tries = 0
    const response = await http(`${url}/gone`, { retry: { onGiveup: (details) => void (tries = details.tries) } })
    expect([response.status, tries]).toEqual([502, 40])
    await response.text()
    expect((await http(`${url}/gone`, { method: 'POST', retry: { onGiveup: (details) => void (tries = details.tries) } })).status).toBe(502)
    expect(tries).toBe(1)
    const after = Number(/Active connections: (\d+)/.exec(await (await fetch(`${url}/status`)).text())![1])
    expect(after - before).toBeLessThanOrEqual(4)
  })

  test('gzip, ranges and validators are fetch\'s own', async () => {
    const http = createFetch({ idle: 1_000 })
    const zipped = await http(`${url}/file.txt`)
    expect([zipped.headers.get('content-encoding'), await zipped.text() === text]).toEqual(['gzip', true])
    const part = await http(`${url}/plain.bin`, { headers: { range: 'bytes=0-4' } })
    expect([part.status, await part.text()]).toEqual([206, 'nginx'])
    expect((await http(`${url}/plain.bin`, { headers: { 'if-none-match': part.headers.get('etag')! } })).status).toBe(304)
    expect((await http(`${url}/plain.bin`, { method: 'HEAD' })).status).toBe(200)
  })

  test('a download that is cut off on its way goes on where it was', async () => {
    // Cuts each connection after so many bytes of the answer.
    let cuts = 3
    const target = Number(new URL(url).port)
    const proxy = createServer((client) => {
      const upstream = connect(target, '127.0.0.1')
      let passed = 0
      client.on('error', () => {}).pipe(upstream.on('error', () => {}))
      upstream.on('data', (chunk: Buffer) => {
        passed += chunk.length
        client.write(chunk)
        if (passed > 100_000 && cuts-- > 0) client.destroy()
      })
      client.on('close', () => upstream.destroy())
      upstream.on('close', () => client.end())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const from = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/file.txt`
    const response = await resumable(createFetch({ wait: 1 }))(from)
    expect(await response.text() === text).toBe(true)
    expect(cuts).toBeLessThan(1)
    proxy.close()
  })
})

describe('HTTP/2', () => {
  test('a stream that was refused was not processed: POST too; one that was broken off was not refused', async () => {
    let seen = 0
    const { NGHTTP2_REFUSED_STREAM: refused, NGHTTP2_INTERNAL_ERROR: broken } = constants
    const codes = [refused, refused, undefined, broken]
    const server = createHttp2Server()
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {})
      const code = codes[seen++]
      if (code) return stream.close(code)
      stream.respond({ ':status': 200 })
      return stream.end('ok')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const dispatcher = new H2CClient(url)
    const http = createFetch({ wait: 1, fetch: ((input: any, init: any) => undiciFetch(input, { ...init, dispatcher })) as any })
    expect(await (await http(url, { method: 'POST', body: 'x' })).text()).toBe('ok')
    expect(seen).toBe(3)
    await expect(http(url, { method: 'POST', body: 'x' })).rejects.toThrow(TypeError)
    expect(seen).toBe(4)
    await dispatcher.destroy()
    server.close()
  })
})

describe('other ways to send', () => {
  test('undici with a dispatcher, given for all calls or with one', async () => {
    const agent = new MockAgent()
    agent.disableNetConnect()
    const pool = agent.get('http://api.example.com')
    for (let i = 0; i < 2; i++) {
      pool.intercept({ path: '/' }).reply(503, 'busy')
      pool.intercept({ path: '/' }).reply(200, 'ok')
    }
    const all = createFetch({ wait: 0, fetch: ((input: any, init: any) => undiciFetch(input, { ...init, dispatcher: agent })) as any })
    expect(await (await all('http://api.example.com/')).text()).toBe('ok')
    const http = createFetch({ wait: 0, fetch: undiciFetch as any })
    expect(await (await http('http://api.example.com/', { dispatcher: agent } as any)).text()).toBe('ok')
    agent.assertNoPendingInterceptors()
    await agent.close()
  })

  test('msw', async () => {
    let seen = 0
    const server = setupServer(mocked.get('http://api.example.com/users', () => (++seen < 3 ? new HttpResponse('busy', { status: 503 }) : HttpResponse.json({ id: 1 }))), mocked.post('http://api.example.com/users', () => HttpResponse.error()))
    server.listen()
    const http = createFetch({ wait: 0 })
    expect(await (await http('http://api.example.com/users')).json()).toEqual({ id: 1 })
    await expect(http('http://api.example.com/users', { method: 'POST' })).rejects.toThrow(TypeError)
    server.close()
  })
})
