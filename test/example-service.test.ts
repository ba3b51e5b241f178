import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { programOf, startPrometheus, until } from './prometheus.ts'

const program = programOf('prometheus')
const promtool = programOf('promtool')
const root = fileURLToPath(new URL('..', import.meta.url))

/** Starts the example; `output()` is what it has printed so far. */
const startService = (seconds: number): { child: ChildProcess; output: () => string; ended: Promise<number | null> } => {
  const child = spawn('node', ['scripts/run-ts.mjs', 'examples/service/main.ts'], { cwd: root, env: { ...process.env, SECONDS: String(seconds), PORT: '0' } })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  return { child, output: () => text, ended: new Promise((resolve) => child.on('close', resolve)) }
}

test.skipIf(!program)('a real Prometheus sees retries, the breaker and hedges of the example service, which ends by itself', { timeout: 60_000 }, async () => {
  const { output, ended } = startService(6)
  await until(() => output().includes('/metrics'), `the service\n${output()}`)
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(output())![1])
  const prometheus = await startPrometheus(program!, [{ job: 'service', port, path: '/metrics' }])

  const seen = new Set<string>()
  try {
    await until(async () => {
      for (const metric of ['retry_success_total', 'retry_wait_seconds_count', 'circuit_breaker_open_total', 'circuit_breaker_rejected_total', 'hedge_requests_total', 'hedge_wins_total']) {
        const found = Object.values(await prometheus.query(`sum(backon_${metric})`))[0]
        if (found! > 0) seen.add(metric)
      }
      return seen.size === 6
    }, `each of the metrics; seen ${[...seen].join()}\n${output()}`)
  } finally {
    await prometheus.stop()
  }

  expect(await ended).toBe(0)
  expect(output()).toMatch(/answers \{"200":\d+/)
  expect(output()).toMatch(/backon_retry_attempts_total\{exception_type="none",target="inventory.get"\} \d+/)
  expect(output()).toMatch(/the call with the most attempts:\nretry inventory.get .*\n  attempt inventory.get /)
})

test.skipIf(!promtool)('the configuration of the example is one that Prometheus takes', () => {
  const { status, stdout, stderr } = spawnSync(promtool!, ['check', 'config', 'examples/service/prometheus.yml'], { cwd: root, encoding: 'utf8' })

  expect(status, `${stdout}${stderr}`).toBe(0)
})
