// The tail of a service, cut by hedging, after "The Tail at Scale" (Dean, Barroso, Communications of the ACM 56, 2013): calls arrive at random at a
// service that answers in about 10 ms, but takes 100 times as long for one request in a hundred. Copies of a request are slow independently.
// Run: node scripts/run-ts.mjs bench/hedge-tail.ts
import { writeFileSync } from 'node:fs'
import { type Attempt, clock, type Plugin, random, sleep } from '@backon/core'
import { type HedgeOptions, hedging, latencyPercentile } from '@backon/hedge'
import { simulate } from '@backon/testing'
import { drawLines, result } from './chart.mjs'
import { table } from './table.mjs'

const calls = 200_000
const rate = 500
const slowShare = 0.01
const slowBy = 100
const seed = 1

/** Draws a latency: log-normal around 10 ms, by Box and Muller. */
const latency = (): number => {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return 10 * Math.exp(0.3 * normal) * (random() < slowShare ? slowBy : 1)
}

const nearestRank = (sorted: Float64Array, share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!

/** Plays all calls by one policy; gives their latencies, sorted, and how many requests more than calls there were. */
const play = async (hedge: HedgeOptions | undefined): Promise<{ sorted: Float64Array; extra: number }> => {
  const latencies: number[] = []
  const stopwatch: Plugin = {
    wrap: (next) => async (attempt) => {
      const began = clock().now()
      const value = await next(attempt)
      latencies.push(clock().now() - began)
      return value
    },
  }
  const policy = { maxTries: 1, use: [stopwatch, ...(hedge ? [hedging({ maxHedge: 2, ...hedge })] : [])] }
  const service = ({ signal }: Attempt): Promise<void> => sleep(latency(), signal)
  const { total } = await simulate({ clients: 1, duration: (calls / rate) * 1_000, arrival: { rate }, seed, service, policy })
  if (total.successes !== total.calls) throw new Error(`${total.successes} of ${total.calls} calls succeeded`)
  return { sorted: Float64Array.from(latencies).sort(), extra: total.requests / total.calls - 1 }
}

const none = await play(undefined)
// What somebody would write down who has looked at a dashboard.
const p95 = Math.round(nearestRank(none.sorted, 0.95))
const fixed = `after ${p95} ms, the p95 of a dashboard`
const learned = 'latencyPercentile(95)'
const allowed = 'latencyPercentile(95), maxExtraLoad 0.02'
const allowedLater = 'latencyPercentile(98), maxExtraLoad 0.02'
const runs: Record<string, Awaited<ReturnType<typeof play>>> = {
  'no hedging': none,
  [fixed]: await play({ wait: p95 }),
  [learned]: await play({ wait: latencyPercentile(95) }),
  [allowed]: await play({ wait: latencyPercentile(95), maxExtraLoad: 0.02 }),
  [allowedLater]: await play({ wait: latencyPercentile(98), maxExtraLoad: 0.02 }),
}

const shares = [0.5, 0.95, 0.99, 0.999]
const ms = (value: number): string => value.toFixed(value < 100 ? 1 : 0)
const cut = (name: string): number => nearestRank(none.sorted, 0.999) / nearestRank(runs[name]!.sorted, 0.999)

const promises = [
  { name: learned, most: 0.06 },
  { name: allowed, most: 0.02 },
  { name: allowedLater, most: 0.02 },
].map(({ name, most }) => ({ name, most, kept: cut(name) >= 10 && runs[name]!.extra <= most }))

// A point for each tenth of a decade from p50 to p99.99; the x axis counts decades of rarity: 1 is p90, 2 is p99, 3 is p99.9.
const points = Array.from({ length: 38 }, (_, i) => 0.3 + i / 10)
const rows = Object.entries(runs).flatMap(([series, { sorted }]) =>
  points.map((decades) => ({ series, x: decades, y: Math.log10(nearestRank(sorted, 1 - 10 ** -decades)) })),
)
await drawLines(result('hedge-tail.svg'), {
  title: 'Latency by percentile',
  x: 'nines of the percentile: 1 is p90, 2 is p99, 3 is p99.9',
  y: 'log10 of the latency in ms',
  order: Object.keys(runs),
  rows,
})

const lines = Object.entries(runs).map(([name, { sorted, extra }]) => [
  name,
  ...shares.map((share) => ms(nearestRank(sorted, share))),
  `${(extra * 100).toFixed(2)} %`,
  `${cut(name).toFixed(1)}×`,
])
writeFileSync(
  result('hedge-tail.md'),
  `# The tail of a service, cut by hedging

Written by \`node scripts/run-ts.mjs bench/hedge-tail.ts\`, after
[The Tail at Scale](https://research.google/pubs/the-tail-at-scale/) (Dean, Barroso 2013). A simulation in virtual time, seed ${seed}: the numbers are the
same on every machine. About ${calls.toLocaleString('en')} calls arrive at random, ${rate} a second, at a service whose latency is log-normal around 10 ms
(sigma 0.3), and ${slowBy} times as long for ${slowShare * 100} % of the requests. Copies are slow independently: a cause that slows
every copy alike is not helped by hedging. Two copies at most.

${table([['', 'p50', 'p95', 'p99', 'p99.9', 'more requests', 'p99.9 cut'], ...lines])}

All in ms. The learned delay starts knowing nothing: its first 100 calls are not hedged, and count. An allowance of 2 % is not enough for the 5 % of
calls that wait longer than the p95; who is refused asks again after the same time, and goes before those who ask for the first time: by then mostly
calls that really are slow are left. Asking later in the first place, at the p98, spends an allowance better.

${promises.map(({ name, most, kept }) => `- ${name}: p99.9 cut ${cut(name).toFixed(1)}× for ${(runs[name]!.extra * 100).toFixed(2)} % more requests; at least 10× for at most ${most * 100} %: ${kept ? 'holds' : 'DOES NOT HOLD'}.`).join('\n')}

![](hedge-tail.svg)
`,
)
for (const [name, { extra }] of Object.entries(runs)) console.log(`${name}: p99.9 cut ${cut(name).toFixed(1)}×, ${(extra * 100).toFixed(2)} % more requests`)
if (promises.some(({ kept }) => !kept)) process.exitCode = 1
