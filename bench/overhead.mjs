import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { installPeers } from './install.mjs'
import { NotBuilt, replacePackages, replacements } from './packages.mjs'
import { measure } from './rounds.mjs'
import { table, verdict } from './table.mjs'

const { values: flags } = parseArgs({
  options: {
    ...replacements,
    rows: { type: 'string' }, // a group, or a part of row names; several with commas
    section: { type: 'string' }, // in the child process: the one section to measure
    quick: { type: 'boolean', default: false },
  },
})

replacePackages(flags)
if (flags.section) await runSection(flags.section)
else runAll()

/** Gives each section a process of its own: what V8 learns from failing calls would slow the loop of the next one. */
function runAll() {
  installPeers()
  for (const section of ['success', 'failures', 'breaker', 'hedge', 'metrics', 'fetch']) {
    const command = [fileURLToPath(import.meta.url), ...process.argv.slice(2), '--section', section]
    const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' })
    if (status !== 0) process.exitCode = 1
  }
}

async function runSection(name) {
  const { title, group, baseline, rows } = await import(`./rows/${name}.mjs`)
  const wanted = flags.rows?.split(',')
  const chosen = rows.filter((row) => wanted?.some((part) => part === group || row.name.includes(part)) ?? true)
  const text = chosen.length ? `## ${title}\n\n${draw(await run(chosen, baseline))}\n\n` : ''
  // Some peers leave timers behind that would keep the process alive.
  process.stdout.write(text, () => process.exit())
}

/** Makes the contenders, measures those that can run, and gives one outcome for each row. */
async function run(rows, baseline) {
  const outcomes = []
  const contenders = []
  const base = baseline()
  for (const row of rows) {
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
  return outcomes
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
