import { parseArgs } from 'node:util'
import { installPeers } from './install.mjs'
import { NotBuilt, replacePackage } from './packages.mjs'
import { measure } from './rounds.mjs'
import { table, verdict } from './table.mjs'

const { values: flags } = parseArgs({
  options: {
    core: { type: 'string' }, // a built file to take instead of packages/core/dist/index.js
    rows: { type: 'string' }, // a group, or a part of row names; several with commas
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

if (flags.core) replacePackage('core', flags.core)
installPeers()

const sections = await Promise.all(
  ['success', 'failures', 'breaker', 'hedge', 'metrics'].map((name) => import(`./rows/${name}.mjs`)),
)
const results = []
for (const section of sections) results.push(await run(section))

if (flags.json) process.stdout.write(JSON.stringify(results))
else for (const { title, rows } of results) if (rows.length) console.log(`\n${title}\n\n${draw(rows)}`)
process.exit()

async function run({ title, group, baseline, rows }) {
  const wanted = flags.rows?.split(',')
  const chosen = rows.filter(({ name }) => wanted?.some((part) => part === group || name.includes(part)) ?? true)
  const outcomes = []
  const contenders = []
  const base = baseline()
  for (const row of chosen) {
    const outcome = { name: row.name, target: row.target }
    outcomes.push(outcome)
    try {
      const made = await row.make()
      const contender = typeof made === 'function' ? { call: made } : made
      await contender.prepare?.(1)
      const answer = await contender.call()
      if (answer !== 1) throw new Error(`answered ${answer}`)
      contenders.push({ ...contender, baseline: base, outcome })
    } catch (error) {
      outcome.problem = error instanceof NotBuilt ? 'not built yet' : `error: ${error?.message ?? error}`
    }
  }
  const figures = await measure(contenders, flags.quick ? { rounds: 41, sampleMs: 2 } : { rounds: 101, sampleMs: 3 })
  figures.forEach((figure, i) => Object.assign(contenders[i].outcome, figure))
  return { title, rows: outcomes }
}

function draw(rows) {
  return table([
    ['', 'ratio', 'middle half', 'ns a call', 'target', ''],
    ...rows.map(({ name, problem, ratio, spread, nanoseconds, target, timersLeft }) => [
      name,
      problem ?? `${ratio.toFixed(2)}×`,
      problem ? '' : spread.map((edge) => edge.toFixed(2)).join('–'),
      problem ? '' : nanoseconds.toFixed(0),
      target ? `≤ ${target}×` : '',
      [verdict(ratio, target), timersLeft ? `${timersLeft} timers left` : ''].filter(Boolean).join(', '),
    ]),
  ])
}
