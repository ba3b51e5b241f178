// `npm run compare`: looks at every cell of docs/compare.md, and writes the page, results.json here and the small table of the README.
// `npm run compare -- sockets deadline` looks at these rows only, `--column=ky` at one client or library, `--page` at nothing: the page is written again.
import { spawn } from 'node:child_process'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { line, report } from '../../scripts/counts.mjs'
import { installPeers, peerVersions } from '../install.mjs'
import { writePage } from './page.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { column: { type: 'string' }, page: { type: 'boolean', default: false }, 'no-measures': { type: 'boolean', default: false } },
})
const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const file = here('results.json')
const columns = { situations: 'clients', questions: 'libraries' }
/** No cell takes longer, in ms. */
const limit = 120_000

installPeers()
const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { cells: {}, measures: {} }
let failed = 0
if (!flags.page) {
  await lookAtCells()
  // Speed and memory need the machine for themselves, so they come after.
  if (positionals.length === 0 && !flags.column && !flags['no-measures']) results.measures = await measureAll()
  results.versions = { ...peerVersions(), node: process.versions.node, undiciOfNode: process.versions.undici }
  results.date = new Date().toISOString().slice(0, 10)
  writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`)
}
await writePage(results)
process.exitCode = failed > 0 ? 1 : 0

async function lookAtCells() {
  const names = (folder) => globSync(here(`${folder}/*.mjs`)).map((path) => basename(path, '.mjs')).sort()
  const jobs = Object.entries(columns).flatMap(([kind, folder]) =>
    names(kind).flatMap((row) => names(folder).map((column) => ({ kind, row, column }))),
  ).filter(({ row, column }) => (positionals.length === 0 || positionals.includes(row)) && (!flags.column || flags.column === column))
  const total = jobs.length
  // What is gone from the folders goes from the page.
  if (positionals.length === 0 && !flags.column) results.cells = {}
  const work = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const { kind, row, column } = job
      const cell = await look(kind, row, column)
      ;((results.cells[kind] ??= {})[row] ??= {})[column] = cell
      if (cell.failed) failed += 1
      console.log(`${row}, ${column}: ${cell.text}${cell.detail ? ` (${cell.detail.slice(0, 160)})` : ''}`)
    }
  }
  await Promise.all([work(), work()])
  // Written in the same order whatever was quicker.
  for (const rows of Object.values(results.cells))
    for (const row of Object.keys(rows)) rows[row] = Object.fromEntries(Object.entries(rows[row]).sort(([a], [b]) => (a < b ? -1 : 1)))
  for (const kind of Object.keys(results.cells)) results.cells[kind] = Object.fromEntries(Object.entries(results.cells[kind]).sort(([a], [b]) => (a < b ? -1 : 1)))
  const counts = { passed: total - failed, failed, skipped: 0 }
  if (process.env.BACKON_COUNTS) report(counts)
  else console.log(line(counts))
}

/** Runs one cell in a process of its own. */
function look(kind, row, column) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [here('cell.mjs'), kind, row, column], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } })
    let out = ''
    let err = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), limit)
    child.stdout.on('data', (text) => (out += text))
    child.stderr.on('data', (text) => (err += text))
    child.on('close', (code) => {
      clearTimeout(timer)
      try {
        // Addresses and times would be others in each run.
        const { detail, ...answer } = JSON.parse(out.trim().split('\n').at(-1))
        resolve({ ...answer, ...(detail && { detail: String(detail).replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1') }) })
      } catch {
        resolve({ text: 'its program failed', failed: true, detail: `${code} ${err.trim().split('\n').slice(-4).join(' ')}` })
      }
    })
  })
}

/** Runs the programs of the bench, and reads the tables that they print. */
async function measureAll() {
  const peers = 'p-retry,cockatiel,@lifeomic/attempt,effect,async-retry,opossum,ky,ofetch,wretch,fetch-retry,axios'
  const ours = 'backon: inline { maxTries,backon: breaker alone,backon: fetch,backon: createFetch,backon: retry'
  const measures = {}
  for (const [program, ...args] of [['sizes.mjs'], ['memory.mjs'], ['overhead.mjs', '--quick']]) {
    const text = await print(here(`../${program}`), '--rows', `${peers},${ours}`, ...args)
    for (const section of text.split(/^## /m).slice(1)) {
      const [title] = section.split('\n', 1)
      const rows = [...section.matchAll(/^\| (.+?) +\| +(\S.*?) \|/gm)].filter(([, name]) => !/^-+$/.test(name)).map(([, name, value]) => [name, value])
      measures[title] = Object.fromEntries(rows)
    }
  }
  return measures
}

function print(script, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
      process.stdout.write(chunk)
    })
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`${script} ended with ${code}`))))
  })
}
