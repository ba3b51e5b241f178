import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { hurriedAlerts } from './hurried-alerts.ts'
import { programOf, startPrometheus, until } from './prometheus.ts'

const program = programOf('prometheus')
const promtool = programOf('promtool')
const root = fileURLToPath(new URL('..', import.meta.url))

/** Starts the example; `output()` is what it has printed so far. */
const startService = async (seconds: number, [command, ...args]: readonly [string, ...string[]] = ['node', 'scripts/run-ts.mjs', 'examples/service/main.ts']) => {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, SECONDS: String(seconds), PORT: '0' }, detached: true })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  const output = (): string => text
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  await until(() => text.includes('/metrics'), () => `the service\n${text}`, 60_000)
  return { child, output, ended, port: Number(/127\.0\.0\.1:(\d+)/.exec(text)![1]) }
}

test.skipIf(!program)('a real Prometheus sees the example service healthy, burning and recovering, and alerts nobody while it is healthy', { timeout: 180_000 }, async () => {
  const { output, ended, port } = await startService(45)
  const prometheus = await startPrometheus(program!, [{ job: 'service', port, path: '/metrics' }], { rules: hurriedAlerts, every: '500ms' })
  const firing = async (): Promise<string[]> => Object.keys(await prometheus.query('ALERTS{alertstate="firing"}')).map((series) => /alertname="(\w+)"/.exec(series)![1]!)

  const fired: Record<string, Set<string>> = { healthy: new Set(), burning: new Set(), recovering: new Set() }
  const counted = new Set<string>()
  let last: string[] = []
  try {
    await until(async () => {
      const phase = /is (\w+)\n(?!.*is \w+\n)/s.exec(output())?.[1] ?? 'healthy'
      last = await firing()
      for (const name of last) fired[phase]!.add(name)
      for (const metric of ['retry_success_total', 'retry_failure_total', 'retry_wait_seconds_count', 'circuit_breaker_open_total', 'refused_total', 'hedge_requests_total', 'hedge_wins_total']) {
        if (Object.values(await prometheus.query(`sum(backon_${metric})`))[0]! > 0) counted.add(metric)
      }
      return output().includes('answers ')
    }, () => `the end of the example\n${output()}`, 90_000)
  } finally {
    await prometheus.stop()
  }

  expect([...fired.healthy!]).toEqual([])
  expect([...fired.burning!]).toContain('BackonGivingUp')
  expect(last).not.toContain('BackonGivingUp')
  expect(counted.size).toBe(7)
  expect(await ended).toBe(0)
  expect(output()).toMatch(/answers \{"200":\d+/)
  expect(output()).toMatch(/backon_retry_attempts_total\{exception_type="none",target="inventory.get"\} \d+/)
  expect(output()).toMatch(/the call with the most attempts:\nretry inventory.get .*\n {2}attempt inventory.get /)
})

/** All that a process has started, and what that has started. */
const descendants = (pid: number): number[] => {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
  const pairs = stdout.trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  const of = (parent: number): number[] => pairs.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...of(child)])
  return of(pid)
}
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test.skipIf(process.platform === 'win32').for(['SIGTERM', 'SIGINT'] as const)('F-64 %s to `npm run service` ends all that it has started', { timeout: 60_000 }, async (signal) => {
  const { child, output, ended, port } = await startService(3_600, ['npm', 'run', 'service'])
  const all = descendants(child.pid!)
  expect(all.length, output()).toBeGreaterThan(3)
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).resolves.toMatchObject({ status: 200 })
  // As a terminal does with Ctrl+C: all that is in front is told.
  process.kill(signal === 'SIGINT' ? -child.pid! : child.pid!, signal)
  await ended

  await until(() => !all.some(lives), () => `the end of ${all.filter(lives).join()}\n${output()}`)
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow('fetch failed')
  expect(output()).toContain('answers {')
})

test.skipIf(!promtool)('the configuration of the example is one that Prometheus takes', () => {
  const { status, stdout, stderr } = spawnSync(promtool!, ['check', 'config', 'examples/service/prometheus.yml'], { cwd: root, encoding: 'utf8' })

  expect(status, `${stdout}${stderr}`).toBe(0)
})
