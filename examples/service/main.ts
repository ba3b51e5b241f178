import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { use } from '@backon/core'
import { prometheusMetrics } from '@backon/metrics-prometheus'
import { createService } from './service.ts'
import { startTracing } from './tracing.ts'
import { startUpstream } from './upstream.ts'

/** Starts the upstream in a process of its own, the service, and a load of 60 requests a second; ends after so many seconds, or when it is told to. */
const main = async (seconds: number, port: number): Promise<void> => {
  use(prometheusMetrics())
  const tracing = startTracing()

  const upstream = fork(process.argv[1]!, ['upstream', String(seconds)])
  const [upstreamPort] = await once(upstream, 'message')
  const server = createService(`http://127.0.0.1:${upstreamPort}`).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  console.log(`service ${url}, metrics ${url}/metrics`)

  const answers: Record<string, number> = {}
  const pending = new Set<Promise<void>>()
  let stopped = false
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => (stopped = true))
  for (const end = Date.now() + seconds * 1_000; !stopped && Date.now() < end; await pause(16)) {
    const request = fetch(`${url}/items/${Math.ceil(Math.random() * 100)}`).then(async (response) => {
      await response.arrayBuffer()
      answers[response.status] = (answers[response.status] ?? 0) + 1
    })
    pending.add(request)
    void request.finally(() => pending.delete(request))
  }
  await Promise.all(pending)

  console.log(`answers ${JSON.stringify(answers)}\n`)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  console.log(metrics.split('\n').filter((line) => /^backon_\w+(_total|_state|_balance|_attempts_count)\{/.test(line)).join('\n'))
  console.log(`\nthe call with the most attempts:\n${tracing.draw()}`)

  server.close()
  server.closeAllConnections()
  upstream.disconnect()
  await tracing.stop()
}

if (process.argv[2] === 'upstream') startUpstream(Number(process.argv[3]))
else await main(Number(process.env.SECONDS ?? 9), Number(process.env.PORT ?? 0))
