import { readFileSync } from 'node:fs'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foretold, scenarios } from '../../../test/metrics-scenarios.ts'
import { programOf, type Prometheus, scraped, serve, startPrometheus } from '../../../test/prometheus.ts'
import { prometheusMetrics } from './prometheus.ts'

const program = programOf('prometheus')

describe.skipIf(!program)('a real Prometheus that scrapes the registry', { timeout: 60_000 }, () => {
  const registries = scenarios.map(() => new Registry())
  let prometheus: Prometheus
  let stop: () => void

  beforeAll(async () => {
    await Promise.all(scenarios.map(({ run }, i) => run(prometheusMetrics({ register: registries[i]! }))))
    const { server, port } = await serve(async (request, response) => {
      const registry = registries[Number(request.url!.slice(1))]!
      response.setHeader('content-type', registry.contentType).end(await registry.metrics())
    })
    stop = () => server.close()
    prometheus = await startPrometheus(program!, scenarios.map((_, i) => ({ job: `job${i}`, port, path: `/${i}` })))
  }, 60_000)
  afterAll(async () => {
    await prometheus?.stop()
    stop?.()
  })

  test.for(scenarios.map((scenario, i) => ({ ...scenario, i })))('RT-39: $name changes exactly the series it should', async ({ changes, i }) => {
    await scraped(async () => foretold(await prometheus.query(`{job="job${i}",__name__=~"backon_.*"}`))).toEqual(changes)
  })

  test('a quantile comes out of the buckets', async () => {
    await scraped(() => prometheus.query('histogram_quantile(1, backon_retry_call_attempts_bucket{job="job1"})')).toEqual({ '{outcome="success",target="users"}': 3 })
  })

  test('every query of the dashboard is one', async () => {
    const { panels } = JSON.parse(readFileSync(new URL('../grafana-dashboard.json', import.meta.url), 'utf8'))
    const queries: string[] = panels.flatMap(({ targets }: any) => targets.map(({ expr }: any) => expr))
    for (const query of queries) {
      await prometheus.query(query.replaceAll('$__rate_interval', '1m').replaceAll(/\$(job|target)/g, '.*'))
    }

    expect(queries.length).toBeGreaterThan(10)
  })
})
