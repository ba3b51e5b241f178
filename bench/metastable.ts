// A failure that outlives its cause: a server of fixed rate, 10 s of overload, and clients that keep it down afterwards or do not
// (metastable failures: Bronson et al., HotOS 2021). Run: node scripts/run-ts.mjs bench/metastable.ts
import { writeFileSync } from 'node:fs'
import { expo, type Plugin } from '@backon/core'
import { aimd, limit, RetryBudget, throttle } from '@backon/limit'
import { overload, recovery, type Scene, type Second } from '../packages/limit/test/overload.ts'
import { drawLines, result } from './chart.mjs'
import { table } from './table.mjs'

const scene: Scene = {
  clients: 200, capacity: 1_000, queue: 3_000, normal: 700, high: 2_000, from: 10_000, to: 20_000, end: 150_000, perAttempt: 1_000,
  retries: { maxTries: 4, wait: expo({ factor: 100, maxValue: 1_000 }) },
}
const { clients, capacity, queue, normal, high, from, to, end, perAttempt } = scene

/** Outermost first: what a limit makes wait is not on the clock of an attempt. */
const stacks: Record<string, () => Plugin[]> = {
  'no retry': () => [{ stop: () => true }],
  '3 retries': () => [],
  '3 retries, budget': () => [new RetryBudget()],
  '3 retries, throttle': () => [throttle()],
  '3 retries, throttle over 30 s': () => [throttle({ window: 30_000 })],
  '3 retries, limit of 1': () => [limit({ concurrency: 1, queue: 10, maxWait: perAttempt })],
  '3 retries, limit by aimd': () => [limit({ concurrency: aimd({ initial: 4, max: 20, backoff: 0.5 }), queue: 10, maxWait: perAttempt })],
  '3 retries, budget, throttle': () => [new RetryBudget(), throttle()],
}
const names = Object.keys(stacks)

const began = performance.now()
const rows = [['', 'goodput before', 'in the overload', 'in the 10 s after', 'requests per call then', 'server recovered', 'clients recovered']]
const plot: { series: string; x: number; y: number }[] = []
const recoveries: Record<string, number> = {}
for (const series of names) {
  const seconds = await overload(scene, stacks[series]!, 1)
  const mean = (key: keyof Second, first: number, last: number): number => seconds.slice(first, last).reduce((sum, one) => sum + one[key], 0) / (last - first)
  const share = (first: number, last: number): string => `${((mean('successes', first, last) / mean('calls', first, last)) * 100).toFixed(0)} %`
  const recovered = (of: 'calls' | 'requests'): number => recovery(seconds, scene, of)
  const inWords = (time: number): string => (time < Infinity ? `${time} s` : `not in ${(end - to) / 1_000} s`)
  recoveries[series] = recovered('requests')
  const after = [to / 1_000, to / 1_000 + 10] as const
  rows.push([series, share(0, from / 1_000), share(from / 1_000, to / 1_000), share(...after), (mean('requests', ...after) / mean('calls', ...after)).toFixed(2), inWords(recovered('requests')), inWords(recovered('calls'))])
  for (let second = 0; second < 100; second++) plot.push({ series, x: second, y: mean('successes', second, second + 1) })
}
await drawLines(result('metastable.svg'), { title: 'Answers in time, before, in and after an overload of 10 s', x: 'second', y: 'calls answered a second', order: names, rows: plot, width: 720 })
writeFileSync(
  result('metastable.md'),
  `# An overload that does not end

Written by \`node scripts/run-ts.mjs bench/metastable.ts\`, in virtual time, seed 1: the numbers are the same on every machine.
${clients} clients make ${normal} calls a second to a server that answers ${capacity.toLocaleString('en')} and lets ${queue.toLocaleString('en')} wait; from second ${from / 1_000} to second ${to / 1_000} they make ${high.toLocaleString('en')}. An attempt has ${perAttempt.toLocaleString('en')} ms, and the
server does not notice that its client has given up. Retries are \`{ maxTries: 4, wait: expo({ factor: 100, maxValue: 1_000 }) }\`. Budgets, throttles and limits have their defaults
where nothing else is said, and each client has its own. Recovered is who answers 95 % of its calls for five seconds on end.

${table(rows)}

![](metastable.svg)

- **Without** anything the retries hold the server down long after the overload has ended: each call asks four times, four times 700 is nearly three times
  what it can answer, so its queue stays full, every answer comes too late, and every late answer is one more retry.
- **A budget** takes that away. The server recovers as soon as its queue has run empty, as if nobody retried.
- **A throttle** recovers the server in half the time of a budget, as it holds back first attempts too; its clients go on refusing until the overload has left their window. Two minutes are those of the book;
  30 s let go sooner.
- **A limit** never lets the queue grow so long that answers come too late: half of the calls are answered in the overload itself, and those that waited in the clients
  come on top afterwards (more than 100 %).
`,
)
console.log(table(rows))
console.log(`${((performance.now() - began) / 1_000).toFixed(0)} s`)
if (recoveries['3 retries']! < Infinity || ['3 retries, budget', '3 retries, throttle', '3 retries, limit of 1'].some((series) => recoveries[series] === Infinity)) process.exitCode = 1
