import { type ChildProcess, spawn } from 'node:child_process'
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

/** Starts a Redis on a free port of 127.0.0.1 that keeps nothing and ends with this process. */
export const startRedis = async (program: string, ...settings: string[]): Promise<RedisServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'backon-redis-'))
  let port = await freePort()
  let child: ChildProcess | undefined

  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode) return
    const ended = new Promise((resolve) => child!.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
  const begin = async (): Promise<boolean> => {
    child = spawn(program, ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', ...settings], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    const started = child
    let log = ''
    return new Promise((resolve) => {
      started.stdout!.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-10_000)
        if (log.includes('Ready to accept connections')) resolve(true)
      })
      started.once('exit', () => resolve(false))
    })
  }
  const start = async (): Promise<void> => {
    // Somebody may take the port between its being found free and its being used.
    for (let tries = 1; !(await begin()); tries++) {
      if (tries > 5) throw new Error(`redis-server does not start on port ${port}`)
      port = await freePort()
    }
  }
  const end = (): void => void child?.kill('SIGKILL')
  process.once('exit', end)
  await start()
  return {
    get port() {
      return port
    },
    freeze: () => void child!.kill('SIGSTOP'),
    thaw: () => void child!.kill('SIGCONT'),
    kill,
    async restart() {
      await kill()
      if (!(await begin())) throw new Error(`redis-server does not start again on port ${port}`)
    },
    async [Symbol.asyncDispose]() {
      process.removeListener('exit', end)
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
