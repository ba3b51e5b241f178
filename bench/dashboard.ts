import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { programOf, startPrometheus } from '../test/prometheus.ts'
import { drawPanels } from './chart.mjs'

interface Row {
  readonly x: number
  readonly y: number
  readonly series: string
}

// Draws the panels of the Grafana dashboard from what a real Prometheus has scraped from the example service: node scripts/run-ts.mjs bench/dashboard.ts
const seconds = 90
const child = spawn('node', ['scripts/run-ts.mjs', 'examples/service/main.ts'], { env: { ...process.env, SECONDS: String(seconds), PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
let output = ''
child.stdout.on('data', (text) => (output += text))
while (!output.includes('/metrics')) await once(child.stdout, 'data')
const start = Date.now() / 1_000
const prometheus = await startPrometheus(programOf('prometheus')!, [{ job: 'service', port: Number(/:(\d+)/.exec(output)![1]), path: '/metrics' }], { every: '500ms' })
while (!output.includes('answers')) await once(child.stdout, 'data')

const { panels } = JSON.parse(readFileSync('packages/metrics-prometheus/grafana-dashboard.json', 'utf8'))
const drawn: { title: string; unit: string; rows: Row[] }[] = []
for (const { title, targets, fieldConfig } of panels) {
  const rows: Row[] = []
  for (const { expr, legendFormat } of targets) {
    const query = expr.replaceAll('$__rate_interval', '8s').replaceAll(/\$(job|target)/g, '.*')
    for (const { labels, values } of await prometheus.range(query, { start, end: start + seconds, step: 1.5 })) {
      const series = legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_: string, label: string) => (label === 'instance' ? '' : (labels[label] ?? ''))).trim()
      for (const [time, value] of values) if (Number.isFinite(value)) rows.push({ x: Math.round((time - start) * 10) / 10, y: Number(value.toPrecision(3)), series })
    }
  }
  if (rows.length > 0) drawn.push({ title, unit: fieldConfig.defaults.unit, rows })
}
await prometheus.stop()
await drawPanels('docs/observability.svg', drawn, { x: 'seconds: healthy until 30, burning until 60, then recovering', marks: [seconds / 3, (2 * seconds) / 3] })
console.log(`${drawn.length} panels of ${panels.length}: docs/observability.svg`)
