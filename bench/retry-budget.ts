// Retry budgets compared: what they cost in an outage, and what they save when the service only hiccups. The others are written from
// their specifications (packages/limit/test/budgets.ts). Run: node scripts/run-ts.mjs bench/retry-budget.ts
import { writeFileSync } from 'node:fs'
import { clock, expo, override, type Plugin, retry } from '@backon/core'
import { RetryBudget, type RetryBudgetOptions } from '@backon/limit'
import { simulate } from '@backon/testing'
import { aws, finagle, grpcA6 } from '../packages/limit/test/budgets.ts'
import { drawLines, result } from './chart.mjs'
import { table } from './table.mjs'

const ours = (options: RetryBudgetOptions = {}) => (): Plugin => new RetryBudget(options)
const budgets: Record<string, () => Plugin> = {
  'none': () => ({}),
  'gRPC A6 (10 tokens, 0.1)': () => grpcA6().plugin,
  'AWS SDK 2026 (500 tokens, 14)': () => aws().plugin,
  'Finagle (20 % + 10/s)': () => finagle().plugin,
  'ours': ours(),
}
const names = Object.keys(budgets)
const maxTries = 3
const began = performance.now()

/** Requests for each call of a process that makes so many in an outage, and has just begun: one each `every` ms. */
const lives = async (make: () => Plugin, calls: number, every: number): Promise<number> => {
  let now = 0
  let requests = 0
  using _ = override({ clock: { now: () => now, setTimeout: () => 0, clearTimeout: () => {} } })
  const use = [make()]
  for (let call = 0; call < calls; call++, now += every) {
    await retry(() => {
      requests++
      throw down
    }, { maxTries, wait: 0, use }).catch(() => {})
  }
  return requests / calls
}
const down = new Error('down')

/** What becomes of the calls of one client, at 100 a second. */
interface Fate {
  /** The share of calls that succeed; and of those whose first attempt failed. */
  readonly success: number
  readonly saved: number
  /** Requests for each call. */
  readonly load: number
}
/** Where the window begins that is looked at: until then the client has earned what it can. */
const from = 30_000
const policy = { maxTries, wait: expo({ factor: 100 }) }

const fate = async (make: () => Plugin, length: number, failureRate: (now: number) => number, seed: number): Promise<Fate> => {
  let [calls, requests, successes, hit, saved] = [0, 0, 0, 0, 0]
  const counted = new WeakSet<object>()
  const watch: Plugin = {
    onAttempt: ({ call, tries }) => {
      const now = clock().now()
      if (tries === 1 && now >= from && now < from + length) {
        counted.add(call)
        calls++
      }
      if (counted.has(call)) requests++
    },
    onSuccess: ({ call, tries }) => {
      if (!counted.has(call)) return
      successes++
      if (tries > 1) [hit, saved] = [hit + 1, saved + 1]
    },
    onGiveup: ({ call }) => {
      if (counted.has(call)) hit++
    },
  }
  await simulate({ clients: 1, duration: from + length, arrival: { rate: 100 }, seed, service: { latency: [20, 80], failureRate }, policy: () => ({ ...policy, use: [watch, make()] }) })
  return { success: successes / calls, saved: saved / hit, load: requests / calls }
}

const mean = async (make: () => Plugin, length: number, seeds: number, failureRate: (now: number) => number): Promise<Fate> => {
  const all: Fate[] = []
  for (let seed = 1; seed <= seeds; seed++) all.push(await fate(make, length, failureRate, seed))
  const of = (key: keyof Fate): number => all.reduce((sum, one) => sum + one[key], 0) / seeds
  return { success: of('success'), saved: of('saved'), load: of('load') }
}

/** One in ten fails, all the time; 300 ms in which all fail; 10 s of that. */
const situations = async (make: () => Plugin): Promise<{ steady: Fate; blip: Fate; outage: Fate }> => ({
  steady: await mean(make, 60_000, 5, () => 0.1),
  blip: await mean(make, 300, 20, (now) => (now >= from && now < from + 300 ? 1 : 0)),
  outage: await mean(make, 10_000, 5, (now) => (now >= from && now < from + 10_000 ? 1 : 0)),
})

/** 1.035 is a little less than that in binary. */
const twoDigits = (value: number): string => (value + 1e-9).toFixed(2)

const lifetimes = [5, 20, 100, 1_000]
const rows: string[][] = [['budget', ...lifetimes.map((n) => `N = ${n.toLocaleString('en')}`), 'success at 10 %', 'saved of a blip', 'load in an outage']]
const line = async (name: string, make: () => Plugin, every = 100): Promise<string[]> => {
  const lived: number[] = []
  for (const calls of lifetimes) lived.push(await lives(make, calls, every))
  const { steady, blip, outage } = await situations(make)
  return [name, ...lived.map(twoDigits), steady.success.toFixed(3), blip.saved.toFixed(2), outage.load.toFixed(2)]
}
for (const name of names) rows.push(await line(name, budgets[name]!))
const finagleSlowly = [] as string[]
for (const calls of lifetimes) finagleSlowly.push(twoDigits(await lives(budgets['Finagle (20 % + 10/s)']!, calls, 1_000)))
rows.splice(-1, 0, ['Finagle, at 1 call/s', ...finagleSlowly, '', '', ''])

const variants: Record<string, RetryBudgetOptions> = {
  'as it is: ratio 0.1, credit 3, max 100, every 10,000': {},
  'ratio 0.05': { ratio: 0.05 }, 'ratio 0.2': { ratio: 0.2 },
  'credit 0': { credit: 0 }, 'credit 10': { credit: 10 },
  'max 10': { max: 10 }, 'max 1,000': { max: 1_000 },
  'every 1,000': { every: 1_000 }, 'every: Infinity': { every: Infinity },
}
const variantRows: string[][] = [rows[0]!]
for (const name in variants) variantRows.push(await line(name, ours(variants[name])))

const plot: { series: string; x: number; y: number }[] = []
for (const series of names) {
  for (const x of [1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60, 80, 100, 130, 160, 200]) plot.push({ series, x, y: await lives(budgets[series]!, x, 100) })
}
await drawLines(result('retry-budget.svg'), { title: 'Load of young processes in an outage', x: 'calls that a process makes', y: 'requests per call', order: names, rows: plot })

const seconds = ((performance.now() - began) / 1_000).toFixed(0)
writeFileSync(
  result('retry-budget.md'),
  `# Retry budgets

Written by \`node scripts/run-ts.mjs bench/retry-budget.ts\`, in virtual time, seeds from 1 on: the numbers are the same on every machine.
At most two retries a call. The others are written from their specifications: gRPC proposal A6, the retry quota of the AWS SDKs with the
costs of 2026, Finagle's \`RetryBudget\`.

- **N**: requests per call in an outage, for processes that have just begun and make N calls, 10 a second.
- **Success at 10 %**: calls that succeed at 100 calls a second while one request in ten fails, for a minute.
- **Saved of a blip**: of the calls whose first attempt failed in 300 ms in which all fail, those that succeed in the end. Waits are
  \`expo({ factor: 100 })\` with full jitter.
- **Load in an outage**: requests per call in 10 s in which all fail, after 30 good seconds.

${table(rows)}

![](retry-budget.svg)

## Why these defaults

One changed at a time:

${table(variantRows)}

- **ratio 0.1**: the ratio of gRPC's own example. It pays for the retries of a service in which one request in ten fails; half of it does not,
  and twice as much saves little more and doubles what a service that half works has to bear for as long as it half works.
- **credit 3**: a process that has just begun may retry one call twice, and another once. A function that lives for five calls still makes 1.6 requests a
  call instead of 3; with 10 it would make 3, as without a budget.
- **max 100**: at 100 calls a second it holds the retries of a second in which all fails: a blip is saved as without a budget, and an outage of 10 s still
  costs less than a tenth more load. 10 saves nothing of the blip; 1,000 pays for three seconds of doubled load.
- **every 10,000**: who makes one call a minute never earns a retry by success alone. One retry in 10 s is nothing to a service; one a second is a tenth
  more load from each client that makes ten calls a second.
- gRPC's bucket of 10 empties in the blip before the first retry can succeed; AWS's quota is large for a process that lives for 20 calls, and small
  for a blip; Finagle's ten retries a second are no bound at all on a client that makes fewer calls than that.
`,
)
console.log(table(rows))
console.log(table(variantRows))
console.log(`${seconds} s`)
