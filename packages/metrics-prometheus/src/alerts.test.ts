import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { programOf } from '../../../test/prometheus.ts'
import { prometheusMetrics } from './prometheus.ts'

const promtool = programOf('promtool')
const folder = fileURLToPath(new URL('..', import.meta.url))
const run = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(promtool!, args, { cwd: folder, encoding: 'utf8' })
  return status === 0 ? 'ok' : `${stdout}${stderr}`
}

test.skipIf(!promtool)('promtool finds the alerts in order', () => {
  expect(run('check', 'rules', 'alerts.yml')).toBe('ok')
})

test.skipIf(!promtool)('each alert fires when it should, and not when all is well', { timeout: 30_000 }, () => {
  expect(run('test', 'rules', 'alerts.test.yml')).toBe('ok')
})

test.for(['alerts.yml', 'grafana-dashboard.json', 'README.md'])('%s speaks of metrics that are there', (file) => {
  const registry = new Registry()
  prometheusMetrics({ register: registry })
  const names = new Set(registry.getMetricsAsArray().map(({ name }) => name))

  const used = readFileSync(`${folder}${file}`, 'utf8').match(/backon_(retry|circuit|hedge)_[a-z_]+[a-z]/g)!
  expect(used.length).toBeGreaterThan(5)
  expect(used.map((name) => name.replace(/_(bucket|sum|count)$/, '')).filter((name) => !names.has(name))).toEqual([])
})
