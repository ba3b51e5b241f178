import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensure } from '../../../scripts/system.mjs'

/** Finds `redis-server`; says aloud why tests are skipped where there is none. */
export const redisProgram = (): string | undefined => {
  const { path, why } = ensure('redis-server')
  if (!path) process.stderr.write(`SKIPPED: what needs redis-server: ${why}\n`)
  return path
}

/** A free port of 127.0.0.1. */
export const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export interface RedisServer extends AsyncDisposable {
  readonly port: number
  /** Stops its clock, as it were: it takes connections and answers nothing. */
  freeze(): void
  thaw(): void
  /** Ends it without a word. */
  kill(): Promise<void>
  /** Starts it again on the same port, with nothing in it. */
  restart(): Promise<void>
}

/** Says the id of the process it runs, and ends that one when its own input ends: with whoever started it, however that one ends. */
const guarded = 'exec 3<&0; "$0" "$@" & p=$!; echo $p; (cat <&3; kill -9 $p) 2>/dev/null & wait $p'

/** Starts a Redis on a free port of 127.0.0.1 that keeps nothing and ends with this process. */
export const startRedis = async (program: string, ...settings: string[]): Promise<RedisServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'backon-redis-'))
  let port = await freePort()
  let pid = 0
  let ended = Promise.resolve()

  const kill = async (): Promise<void> => {
    if (pid) process.kill(pid, 'SIGKILL')
    await ended
  }
  const begin = (): Promise<boolean> => {
    const args = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', ...settings]
    const child = spawn('sh', ['-c', guarded, program, ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] })
    let log = ''
    return new Promise((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-10_000)
        pid ||= Number.parseInt(log)
        if (log.includes('Ready to accept connections')) resolve(true)
      })
      ended = new Promise((over) =>
        child.once('exit', () => {
          pid = 0
          child.stdin.destroy()
          resolve(false)
          over()
        }),
      )
    })
  }
  const start = async (): Promise<void> => {
    // Somebody may take the port between its being found free and its being used.
    for (let tries = 1; !(await begin()); tries++) {
      if (tries > 5) throw new Error(`redis-server does not start on port ${port}`)
      port = await freePort()
    }
  }
  await start()
  return {
    get port() {
      return port
    },
    freeze: () => void process.kill(pid, 'SIGSTOP'),
    thaw: () => void process.kill(pid, 'SIGCONT'),
    kill,
    async restart() {
      await kill()
      if (!(await begin())) throw new Error(`redis-server does not start again on port ${port}`)
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
