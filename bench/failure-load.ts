// What retries do to a service that fails: its load at failure rates from 0 to 100 %, without retries, with three, and with
// three behind a circuit breaker in each client. Run: node scripts/run-ts.mjs bench/failure-load.ts
import { writeFileSync } from 'node:fs'
import { CircuitBreaker, countWindow } from '@backon/breaker'
import { expo, type Options } from '@backon/core'
import { simulate, type Simulation } from '@backon/testing'
import { drawLines, result } from './chart.mjs'
import { table } from './table.mjs'

const retries = { wait: expo({ factor: 100 }), maxTries: 4 }
const policies: Record<string, (client: number) => Options> = {
  'no retry': () => ({ maxTries: 1 }),
  '3 retries': () => retries,
  '3 retries, breaker': () => ({ ...retries, use: [new CircuitBreaker({ recoveryTimeout: 5_000, trip: countWindow({ size: 100, failureRate: 0.5, minimumCalls: 50 }) })] }),
}
const names = Object.keys(policies)
const rates = Array.from({ length: 21 }, (_, i) => i * 5)

const began = performance.now()
const rows: { series: string; rate: number; load: number; success: number; p99: number }[] = []
let calls = 0
for (const series of names) {
  for (const rate of rates) {
    const { total }: Simulation = await simulate({
      clients: 20,
      duration: 60_000,
      arrival: { rate: 200 },
      service: { latency: [20, 80], failureRate: rate / 100 },
      policy: policies[series]!,
    })
    calls += total.calls
    rows.push({ series, rate, load: total.requests / total.calls, success: total.successes / total.calls, p99: total.latency.p99 })
  }
}
const seconds = ((performance.now() - began) / 1_000).toFixed(1)

const tableOf = (show: (row: (typeof rows)[number]) => string): string =>
  table([
    ['failure rate', ...names],
    ...rates.filter((rate) => rate % 10 === 0).map((rate) => [`${rate} %`, ...names.map((series) => show(rows.find((row) => row.series === series && row.rate === rate)!))]),
  ])
const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
await drawLines(result('failure-load.svg'), {
  title: 'Load on a failing service', x: 'requests that fail, %', y: 'requests per call', order: names, rows: rows.map(({ series, rate, load }) => ({ series, x: rate, y: load })),
})
await drawLines(result('failure-load-success.svg'), {
  title: 'Calls that succeed', x: 'requests that fail, %', y: '% of calls', order: names, rows: rows.map(({ series, rate, success }) => ({ series, x: rate, y: success * 100 })),
})
writeFileSync(
  result('failure-load.md'),
  `# What retries do to a failing service

Written by \`node scripts/run-ts.mjs bench/failure-load.ts\`: 20 clients make 200 calls a second for a minute, in virtual time, to a
service that takes 20 to 80 ms and fails at the given rate. Three retries are \`{ wait: expo({ factor: 100 }), maxTries: 4 }\` with full
jitter; the breaker, one in each client, opens for 5 s when half of its last 100 requests have failed. Seed 1: the numbers are
the same on every machine.

Retries give a service that is down four times its load; behind a breaker it has next to none. The price is paid from
about 40 % upwards: near its limit of 50 % and above, it refuses calls that enough retries would have saved.

## Requests for each call

![](failure-load.svg)

${tableOf(({ load }) => load.toFixed(2))}

## Calls that succeed

![](failure-load-success.svg)

${tableOf(({ success }) => percent(success))}

## The slowest hundredth of the calls, ms

${tableOf(({ p99 }) => p99.toFixed(0))}
`,
)
console.log(`${calls.toLocaleString('en')} calls simulated in ${seconds} s`)
