// Eight processes and one upstream that is down: how many requests reach it, with a breaker in each process, and with one
// opinion over Redis. `npm run fleet`
import { type ChildProcess, fork } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sleep } from '@backon/core'
import { redisProgram, startRedis } from '../../packages/breaker-redis/test/redis-server.ts'
import { work } from './worker.ts'

const size = 8
const step = 250
/** It is down for so many steps, and well for the rest. */
const steps = { down: 16, all: 22 }

const [role, ...given] = process.argv.slice(2)
if (role === 'worker') {
  process.once('disconnect', () => process.exit())
  await work(given[0]!, given[1]!, Number(given[2]) || undefined)
}

const program = redisProgram()
if (!program) process.exit(1)
await using redis = await startRedis(program)

const requests = Array.from({ length: size }, () => 0)
let isDown = true
const upstream = createServer((request, response) => {
  requests[Number(request.url!.slice(1))]!++
  response.writeHead(isDown ? 503 : 200).end()
})
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`

const scene = async (title: string, redisPort: number | ''): Promise<number> => {
  console.log(`\n${title}\n\n    time   upstream   requests that reached it, by process       sum`)
  requests.fill(0)
  isDown = true
  const processes: ChildProcess[] = []
  let wasted = 0
  try {
    for (let i = 1; i <= steps.all; i++) {
      if (processes.length < size) processes.push(fork(process.argv[1]!, ['worker', url, String(processes.length), String(redisPort)], { execArgv: [] }))
      await sleep(step)
      const sum = requests.reduce((all, one) => all + one)
      if (isDown) wasted = sum
      const shown = requests.map((count, i) => (i < processes.length ? String(count) : '·').padStart(5)).join('')
      console.log(`${((i * step) / 1_000).toFixed(2).padStart(6)} s   ${isDown ? 'down' : 'up  '}    ${shown}   ${String(sum).padStart(6)}`)
      isDown = i < steps.down
    }
  } finally {
    await Promise.all(processes.map((one) => new Promise((resolve) => one.once('exit', resolve).kill('SIGKILL'))))
  }
  return wasted
}

console.log(`${size} processes, one more every ${step} ms; each calls 50 times a second. The upstream is down for ${(steps.down * step) / 1_000} s.`)
const alone = await scene('A breaker in each process: everyone has to find out alone, and everyone probes', '')
const shared = await scene('The same, shared over Redis: who has heard does not ask, and one probes for all', redis.port)
console.log(`\nRequests that reached it while it was down: ${alone} alone, ${shared} shared.`)
upstream.closeAllConnections()
upstream.close()
