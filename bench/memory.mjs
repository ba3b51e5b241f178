import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { installPeers } from './install.mjs'
import { NotBuilt, replacePackages, replacementArguments, replacements } from './packages.mjs'
import { rows } from './rows/memory.mjs'
import { table, verdict } from './table.mjs'

const { values: flags } = parseArgs({
  options: {
    ...replacements,
    rows: { type: 'string' }, // a part of row names; several with commas
    row: { type: 'string' }, // in the child process: the one row to measure
  },
})
const calls = 100_000
const yardstick = rows[0]

replacePackages(flags)
if (flags.row) await weigh(rows.find(({ name }) => name === flags.row))
else report()

/** In a child process: prints the bytes that one sleeping call holds on the heap. */
async function weigh({ make }) {
  let sleep
  try {
    sleep = await make()
  } catch (error) {
    return answer({ problem: error instanceof NotBuilt ? 'not built yet' : `error: ${error?.message ?? error}` })
  }
  const asleep = Array.from({ length: calls })
  let failed
  process.on('unhandledRejection', (error) => (failed = `a call failed: ${error?.message ?? error}`))
  // The first calls compile the code and fill caches, which is not part of what a call costs.
  const warm = Array.from({ length: 1_000 }, sleep)
  Promise.race(warm).then(() => (failed = 'a call ended instead of sleeping'))
  const before = await heapAtRest()
  for (let i = 0; i < calls; i++) asleep[i] = sleep()
  const bytes = (await heapAtRest()) - before
  if (failed) return answer({ problem: `error: ${failed}` })
  answer({ bytes: bytes / calls, kept: warm.length + asleep.length })
}

async function heapAtRest() {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc()
  }
  return process.memoryUsage().heapUsed
}

function answer(result) {
  process.stdout.write(JSON.stringify(result), () => process.exit())
}

function report() {
  installPeers()
  const wanted = flags.rows?.split(',')
  const chosen = rows.filter((row) => row === yardstick || (wanted?.some((part) => row.name.includes(part)) ?? true))
  const measured = chosen.map((row) => ({ name: row.name, target: row.target, ...inChild(row) }))
  const results = measured.map((row) => ({ ...row, ratio: row.problem ? undefined : row.bytes / measured[0].bytes }))
  const title = `Memory: ${calls.toLocaleString('en')} calls asleep in a wait`
  console.log(`## ${title}\n\n${draw(results)}\n`)
}

function inChild({ name }) {
  const command = ['--expose-gc', fileURLToPath(import.meta.url), '--row', name, ...replacementArguments()]
  const { stdout, stderr, status } = spawnSync(process.execPath, command, { encoding: 'utf8' })
  return stdout ? JSON.parse(stdout) : { problem: `error: exit code ${status} ${stderr.trim().split('\n').at(-1)}` }
}

function draw(results) {
  return table([
    ['', 'ratio', 'bytes a call', 'target', ''],
    ...results.map(({ name, problem, ratio, bytes, target }) => [
      name,
      problem ?? `${ratio.toFixed(2)}×`,
      problem ? '' : bytes.toFixed(0),
      target ? `≤ ${target.toFixed(1)}×` : '',
      verdict(ratio, target),
    ]),
  ])
}
