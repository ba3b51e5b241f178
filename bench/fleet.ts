// What a fleet does to a service that is down: requests that reach it, against the number of processes, with a breaker in each,
// shared with lazy peeks, and shared with pub/sub. Run: node scripts/run-ts.mjs bench/fleet.ts
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { CircuitBreaker } from '@backon/breaker'
import { shareBreaker } from '@backon/breaker-redis'
import { sleep } from '@backon/core'
import { virtualClock } from '@backon/testing'
import { redisClient } from '../examples/fleet/redis-client.ts'
import { redisProgram, startRedis } from '../packages/breaker-redis/test/redis-server.ts'
import { VirtualRedis } from '../packages/breaker-redis/test/virtual-redis.ts'
import { drawLines, result } from './chart.mjs'
import { table } from './table.mjs'

const modes = ['alone', 'lazy', 'pub/sub'] as const
type Mode = (typeof modes)[number]

/** Down for so long; processes start one after the other over the first half. Each calls every `pause` ms, for the first time after one. */
const scene = { down: 6_000, pause: 50, breaker: { name: 'upstream', failureThreshold: 5, recoveryTimeout: 1_000 }, refresh: 100 }

type Share = Pick<Parameters<typeof shareBreaker>[1], 'client' | 'subscribe'>

const work = async (mode: Mode, request: () => Promise<void>, { client, subscribe }: Share, isOver: () => boolean): Promise<void> => {
  const breaker = new CircuitBreaker(scene.breaker)
  const circuit = mode === 'alone' ? breaker : shareBreaker(breaker, { client, key: 'upstream', refresh: scene.refresh, subscribe: mode === 'pub/sub' ? subscribe : undefined })
  for (await sleep(scene.pause); !isOver(); await sleep(scene.pause)) await circuit.call(request).catch(() => {})
}

const simulated = async (mode: Mode, size: number): Promise<number> => {
  const clock = virtualClock()
  return clock.run(async () => {
    const store = new VirtualRedis(() => 1_750_000_000_000 + clock.now())
    const client = store.client()
    let requests = 0
    const request = async (): Promise<void> => {
      requests++
      await sleep(2)
      throw new Error('down')
    }
    const share: Share = {
      client: { eval: async (...given) => (await sleep(1), client.eval(...given)) },
      subscribe: (_channel, onMessage) => {
        const listener = (_: string, message: string): void => void sleep(1).then(() => onMessage(message))
        store.listeners.add(listener)
        void sleep(2).then(() => onMessage())
        return () => store.listeners.delete(listener)
      },
    }
    await Promise.all(
      Array.from({ length: size }, async (_, i) => {
        await sleep(((scene.down / 2) * i) / size)
        await work(mode, request, share, () => clock.now() >= scene.down)
      }),
    )
    return requests
  })
}

const [role, mode, url, redisPort] = process.argv.slice(2)
if (role === 'worker') {
  process.once('disconnect', () => process.exit())
  process.send!('ready')
  await new Promise((resolve) => process.once('message', resolve))
  const request = async (): Promise<void> => {
    const { ok } = await fetch(url!)
    if (!ok) throw new Error('down')
  }
  const subscribe: Share['subscribe'] = (channel, onMessage) => {
    const socket = connect(Number(redisPort), '127.0.0.1')
    socket.write(`SUBSCRIBE ${channel}\r\n`)
    socket.on('data', () => onMessage())
    return () => void socket.destroy()
  }
  await work(mode as Mode, request, { client: redisClient(Number(redisPort)), subscribe }, () => false)
}

const real = async (program: string, mode: Mode, size: number): Promise<number> => {
  await using redis = await startRedis(program)
  let requests = 0
  const server = createServer((_request, response) => {
    requests++
    response.writeHead(503).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const processes = Array.from({ length: size }, () => fork(process.argv[1]!, ['worker', mode, address, String(redis.port)], { execArgv: [] }))
  await Promise.all(processes.map((one) => new Promise((resolve) => one.once('message', resolve))))
  await Promise.all([
    sleep(scene.down),
    ...processes.map(async (one, i) => {
      await sleep(((scene.down / 2) * i) / size)
      one.send('begin')
    }),
  ])
  const reached = requests
  await Promise.all(processes.map((one) => new Promise((resolve) => one.once('exit', resolve).kill('SIGKILL'))))
  server.closeAllConnections()
  server.close()
  return reached
}

const program = redisProgram()
const rows: { series: string; size: number; simulated: number; real: number | undefined }[] = []
for (const size of [1, 2, 4, 8, 12, 16, 24, 32, 48, 64]) {
  for (const series of modes) {
    rows.push({ series, size, simulated: await simulated(series, size), real: program && [1, 4, 12].includes(size) ? await real(program, series, size) : undefined })
    console.log(rows.at(-1))
  }
}
await drawLines(result('fleet.svg'), { title: 'Requests to a service that is down', x: 'processes', y: 'requests that reach it', order: [...modes], rows: rows.map(({ series, size, simulated }) => ({ series, x: size, y: simulated })) })
const sizes = [...new Set(rows.map(({ size }) => size))]
writeFileSync(
  result('fleet.md'),
  `# What a fleet does to a service that is down

Written by \`node scripts/run-ts.mjs bench/fleet.ts\`. A service is down for ${scene.down / 1_000} s. Processes start one after the other over the first half of that
time, cold; each calls it every ${scene.pause} ms, through a breaker that opens after 5 failures and for 1 s. *Alone*: each has its own opinion. *Lazy*: shared, heard of by a
peek after a call, at most every ${scene.refresh} ms. *Pub/sub*: heard of at once, and when the connection is made.

Alone each process pays its 5 requests, and a probe a second. Shared, the fleet pays 5 once and one probe a second over all; a process that starts cold adds one request, and with
pub/sub none if its connection is there before its first call.

![](fleet.svg)

All sizes in virtual time, with the store told once more in TypeScript (the same on every machine); beside it what forked processes and a real Redis ${program ? '' : '(not there in this run) '}did, which on
a loaded machine make fewer calls.

${table([['processes', ...modes.flatMap((mode) => [mode, `${mode}, real`])], ...sizes.map((size) => [String(size), ...modes.flatMap((mode) => {
    const row = rows.find((one) => one.size === size && one.series === mode)!
    return [String(row.simulated), row.real === undefined ? '' : String(row.real)]
  })])])}
`,
)
