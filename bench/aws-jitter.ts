// The experiment of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), with the waits and jitters of core:
// clients that each want to update one row under optimistic concurrency control. All begin at once; who wrote a version
// that was not the newest any more reads again after a wait. The setting is that of the article's published simulator:
// a network delay of N(10 ms, 2 ms) a message, 10 ms for the first step of the backoff and 2 s at most, 100 runs each.
// Run: node scripts/run-ts.mjs bench/aws-jitter.ts
import { writeFileSync } from 'node:fs'
import { decorrelated, equalJitter, expo, fullJitter, type Options, random, sleep, waitNone } from '@backon/core'
import { simulate } from '@backon/testing'
import { drawLines, result } from './chart.mjs'
import { table } from './table.mjs'

const exponential = expo({ factor: 10, maxValue: 2_000 })
const policies: Record<string, Options> = {
  'no backoff': { wait: waitNone() },
  'exponential': { wait: exponential, jitter: null },
  'equal jitter': { wait: exponential, jitter: equalJitter },
  'full jitter': { wait: exponential, jitter: fullJitter },
  'decorrelated': { wait: decorrelated({ base: 5, maxValue: 2_000 }) },
}
const names = Object.keys(policies)
const clientCounts = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
const runs = 100

/** A network delay, from the normal distribution by Box and Muller. */
const delay = (): number => Math.abs(10 + 2 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))

/** Lets so many clients update the row once; gives the writes that took, and when the last one had succeeded. */
const contend = async (clients: number, policy: Options, seed: number): Promise<{ writes: number; ended: number }> => {
  let [version, writes] = [0, 0]
  const update = async (): Promise<void> => {
    await sleep(delay())
    const read = version
    // The answer, and the write on its way.
    await sleep(delay() + delay())
    writes++
    const newest = read === version
    if (newest) version++
    await sleep(delay())
    if (!newest) throw new Error('conflict')
  }
  const { total } = await simulate({ clients, duration: 0, arrival: 'once', drain: Infinity, seed, service: update, policy: { ...policy, maxTries: Infinity } })
  if (total.successes !== clients) throw new Error(`${total.successes} of ${clients} clients succeeded`)
  return { writes, ended: total.ended }
}

const began = performance.now()
const rows: { series: string; clients: number; writes: number; ended: number }[] = []
let simulated = 0
for (const series of names) {
  for (const clients of clientCounts) {
    const all: Awaited<ReturnType<typeof contend>>[] = []
    for (let seed = 1; seed <= runs; seed++) all.push(await contend(clients, policies[series]!, seed))
    const mean = (key: 'writes' | 'ended'): number => all.reduce((sum, one) => sum + one[key], 0) / runs
    rows.push({ series, clients, writes: mean('writes'), ended: mean('ended') })
    simulated += mean('writes') * runs
  }
}
const seconds = ((performance.now() - began) / 1_000).toFixed(0)

const number = (value: number): string => Math.round(value).toLocaleString('en')
const tableOf = (key: 'writes' | 'ended'): string =>
  table([
    ['clients', ...names],
    ...clientCounts.map((clients) => [String(clients), ...names.map((series) => number(rows.find((row) => row.series === series && row.clients === clients)![key]))]),
  ])
const at100 = (series: string): number => rows.find((row) => row.series === series && row.clients === 100)!.writes
const share = at100('full jitter') / at100('exponential')

for (const [key, title, y] of [
  ['writes', 'Writes until every client has succeeded once', 'writes'],
  ['ended', 'Time until every client has succeeded once', 'ms'],
] as const) {
  await drawLines(result(`aws-jitter-${key}.svg`), { title, x: 'contending clients', y, order: names, rows: rows.map((row) => ({ series: row.series, x: row.clients, y: row[key] })) })
}
writeFileSync(
  result('aws-jitter.md'),
  `# Exponential backoff and jitter, again

Written by \`node scripts/run-ts.mjs bench/aws-jitter.ts\`. The experiment of
[Exponential Backoff And Jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), with the waits and
jitters of @backon/core in @backon/testing's \`simulate()\`: clients that all begin at once want to update the same row under
optimistic concurrency control, and retry after a conflict. Network delay N(10 ms, 2 ms) a message, backoff from 10 ms to
2 s, mean of ${runs} runs, seeds 1 to ${runs}: the numbers are the same on every machine.

At 100 clients full jitter makes ${number(at100('full jitter'))} writes, plain exponential backoff ${number(at100('exponential'))}: ${(share * 100).toFixed(0)} % of them.
The article's claim, less than half, ${share < 0.5 ? 'holds' : 'DOES NOT HOLD'}.

## Writes in all

![](aws-jitter-writes.svg)

${tableOf('writes')}

## Time until the last client is done, ms

![](aws-jitter-ended.svg)

${tableOf('ended')}
`,
)
console.log(`${number(simulated)} writes simulated in ${seconds} s; at 100 clients full jitter makes ${(share * 100).toFixed(1)} % of the writes of plain exponential backoff`)
if (share >= 0.5) process.exitCode = 1
