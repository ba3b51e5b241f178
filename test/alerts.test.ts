import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alertNames, hurriedAlerts, operations } from './hurried-alerts.ts'
import { programOf, type Prometheus, scraped, startPrometheus, until } from './prometheus.ts'

const program = programOf('prometheus')
const jobs = ['healthy', 'burning', 'cluster'] as const

describe.skipIf(!program)('alerts and dashboard, on a real Prometheus with series of real calls', { timeout: 120_000 }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'backon-alerts-'))
  const children: ChildProcess[] = []
  let prometheus: Prometheus

  const start = async (...args: string[]): Promise<number> => {
    const child = spawn(process.execPath, [join(scratch, 'service.mjs'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    return Number(String(await once(child.stdout!, 'data')))
  }
  beforeAll(async () => {
    await build({
      entryPoints: [join(import.meta.dirname, 'alerts/service.ts')], outfile: join(scratch, 'service.mjs'), bundle: true, format: 'esm', platform: 'node', target: 'es2022',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    })
    const ports = [await start('healthy'), await start('burning'), await start('burning', 'cluster')]
    prometheus = await startPrometheus(program!, jobs.map((job, i) => ({ job, port: ports[i]!, path: '/' })), { rules: hurriedAlerts, every: '500ms' })
  }, 60_000)
  afterAll(async () => {
    await prometheus?.stop()
    for (const child of children) {
      child.kill()
      await once(child, 'close')
    }
    rmSync(scratch, { recursive: true })
  })

  /** Which alerts fire for a job. */
  const firing = async (job: string): Promise<string[]> =>
    [...new Set(Object.keys(await prometheus.query(`ALERTS{alertstate="firing",job="${job}"}`)).map((series) => /alertname="(\w+)"/.exec(series)![1]!))].sort()

  test.for(['burning', 'cluster'])('each alert fires for a service in trouble: %s', async (job) => {
    let seen: string[] = []
    await until(async () => (seen = await firing(job)).length === alertNames.length, () => `${alertNames.join()}; fires: ${seen.join()}`, 60_000)

    expect(seen).toEqual(alertNames)
  })

  test('none fires, and none has fired, for one that is well', async () => {
    expect(await firing('healthy')).toEqual([])
    expect(await prometheus.query('max_over_time(ALERTS{alertstate="firing",job="healthy"}[1h])')).toEqual({})
    await scraped(async () => Object.keys(await prometheus.query('rate(backon_retry_success_total{job="healthy"}[10s]) > 0')).length).toBe(5)
  })

  test('F-55 a circuit that is open in one worker of four is open, and closed in the others', async () => {
    await scraped(() => prometheus.query('backon_circuit_breaker_state{job="cluster",breaker="down",state=~"open|closed"}')).toEqual({
      'backon_circuit_breaker_state{breaker="down",state="closed"}': 1,
      'backon_circuit_breaker_state{breaker="down",state="open"}': 1,
    })
    await scraped(() => prometheus.query('backon_budget_balance{job="cluster"}')).toEqual({ 'backon_budget_balance{budget="all"}': 0.4 })
  })

  const { panels } = JSON.parse(readFileSync(join(operations, 'grafana-dashboard.json'), 'utf8'))
  const queries: { title: string; expr: string }[] = panels.flatMap(({ title, targets }: any) => targets.map(({ expr }: any) => ({ title, expr })))
  test.for(queries)('the panel "$title" shows something: $expr', async ({ expr }) => {
    const query = expr.replaceAll('$__rate_interval', '10s').replaceAll('$job', 'burning').replaceAll('$target', '.*')

    await scraped(async () => Object.values(await prometheus.query(query)).filter((value) => value >= 0).length).toBeGreaterThan(0)
  })
})
