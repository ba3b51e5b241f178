// A failure that outlives its cause: a server of fixed rate, 10 s of overload, and clients that keep it down afterwards or do not
// (metastable failures: Bronson et al., HotOS 2021). Run: node scripts/run-ts.mjs bench/metastable.ts
import { writeFileSync } from 'node:fs'
import { clock, expo, type Options, type Plugin, random, retry, timeout } from '@backon/core'
import { aimd, limit, RetryBudget, throttle } from '@backon/limit'
import { simulate } from '@backon/testing'
import { drawLines, result } from './chart.mjs'
import { table } from './table.mjs'

const clients = 200
/** Requests that the server answers in a second, calls that the clients make in one, and while the overload lasts. */
const [capacity, normal, high] = [300, 210, 600]
/** Requests that may wait at the server; above, it answers 503. It does not notice that a client has given up. */
const queue = 900
const [from, to, end] = [10_000, 20_000, 260_000]
const perAttempt = 1_000
const seeds = 2

const retries: Options = { maxTries: 4, wait: expo({ factor: 100, maxValue: 1_000 }) }
/** Outermost first: what a limit makes wait is not on the clock of an attempt. */
const stacks: Record<string, (() => Plugin[]) | undefined> = {
  'no retry': undefined,
  '3 retries': () => [],
  '3 retries, budget': () => [new RetryBudget()],
  '3 retries, throttle': () => [throttle()],
  '3 retries, throttle over 30 s': () => [throttle({ window: 30_000 })],
  '3 retries, limit of 1': () => [limit({ concurrency: 1, queue: 10, maxWait: perAttempt })],
  '3 retries, limit by aimd': () => [limit({ concurrency: aimd({ initial: 4, max: 20, backoff: 0.5 }), queue: 10, maxWait: perAttempt })],
  '3 retries, budget, throttle': () => [new RetryBudget(), throttle()],
}
const names = Object.keys(stacks)

interface Second {
  calls: number
  requests: number
  successes: number
}

/** Plays one stack; gives what happened, second by second: a success counts when it comes. */
const play = async (stack: (() => Plugin[]) | undefined, seed: number): Promise<Second[]> => {
  const seconds: Second[] = Array.from({ length: end / 1_000 + 20 }, () => ({ calls: 0, requests: 0, successes: 0 }))
  const now = (): Second => seconds[Math.min(Math.floor(clock().now() / 1_000), seconds.length - 1)]!
  let free = 0
  const serve = (): Promise<string> => {
    now().requests++
    const time = clock()
    const begins = Math.max(free, time.now())
    if ((begins - time.now()) * capacity >= queue * 1_000) return Promise.reject(busy)
    free = begins + 1_000 / capacity
    const done = free + 20
    return new Promise((resolve) => time.setTimeout(() => resolve('ok'), done - time.now()))
  }
  const policies = Array.from({ length: clients }, (): Options => ({ ...(stack ? retries : { maxTries: 1 }), use: [...(stack?.() ?? []), timeout(perAttempt)] }))
  await simulate({
    clients, seed, duration: end, arrival: { rate: high }, policy: { maxTries: 1 },
    service: (_, client) => {
      const time = clock().now()
      // Outside of the overload some calls are left out: what remains of a Poisson process is one.
      if ((time < from || time >= to) && random() >= normal / high) return undefined
      now().calls++
      return retry(serve, policies[client]).then(() => void now().successes++, () => {})
    },
  })
  return seconds.slice(0, end / 1_000)
}
const busy = Object.assign(new Error('busy'), { status: 503 })

const began = performance.now()
const rows = [['', 'goodput before', 'in the overload', 'in the 10 s after', 'requests per call then', 'server recovered', 'clients recovered']]
const plot: { series: string; x: number; y: number }[] = []
const recoveries: Record<string, number> = {}
for (const series of names) {
  const runs: Second[][] = []
  for (let seed = 1; seed <= seeds; seed++) runs.push(await play(stacks[series], seed))
  const mean = (key: keyof Second, first: number, last: number): number => {
    let sum = 0
    for (const run of runs) for (let second = first; second < last; second++) sum += run[second]![key]
    return sum / seeds / (last - first)
  }
  const share = (first: number, last: number): string => `${((mean('successes', first, last) / mean('calls', first, last)) * 100).toFixed(0)} %`
  // Recovered: from then on five seconds in a row in which 95 % get an answer, of the requests or of the calls.
  const recovered = (of: 'calls' | 'requests'): number => {
    const after = runs.map((run) => {
      for (let second = to / 1_000; second + 5 <= run.length; second++) {
        if (run.slice(second, second + 5).every((one) => one.successes >= 0.95 * one[of])) return second - to / 1_000
      }
      return Infinity
    })
    return Math.max(...after)
  }
  const inWords = (recovery: number): string => (recovery < Infinity ? `${recovery} s` : `not in ${(end - to) / 1_000} s`)
  const recovery = recovered('calls')
  recoveries[series] = recovery
  const after = [to / 1_000, to / 1_000 + 10] as const
  rows.push([series, share(0, from / 1_000), share(from / 1_000, to / 1_000), share(...after), (mean('requests', ...after) / mean('calls', ...after)).toFixed(2), inWords(recovered('requests')), inWords(recovery)])
  for (let second = 0; second < 100; second++) plot.push({ series, x: second, y: mean('successes', second, second + 1) })
}
await drawLines(result('metastable.svg'), { title: 'Answers in time, before, in and after an overload of 10 s', x: 'second', y: 'calls answered a second', order: names, rows: plot, width: 720 })
writeFileSync(
  result('metastable.md'),
  `# An overload that does not end

Written by \`node scripts/run-ts.mjs bench/metastable.ts\`, in virtual time, seeds 1 to ${seeds} (the slowest recovery of them, the mean of the rest): the numbers are the
same on every machine. ${clients} clients make ${normal} calls a second to a server that answers ${capacity} and lets ${queue} wait; from second ${from / 1_000} to second ${to / 1_000} they make ${high}. An attempt has ${perAttempt.toLocaleString('en')} ms, and the
server does not notice that its client has given up. Retries are \`{ maxTries: 4, wait: expo({ factor: 100, maxValue: 1_000 }) }\`. Budgets, throttles and limits have their defaults
where nothing else is said, and each client has its own. Recovered is who answers 95 % of its calls for five seconds on end.

${table(rows)}

![](metastable.svg)

TEXT`,
)
console.log(table(rows))
console.log(`${((performance.now() - began) / 1_000).toFixed(0)} s`)
if (recoveries['3 retries']! < Infinity || ['3 retries, budget', '3 retries, throttle', '3 retries, limit of 1'].some((series) => recoveries[series] === Infinity)) process.exitCode = 1
