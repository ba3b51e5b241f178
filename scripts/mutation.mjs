// Breaks the code on purpose, a little and thousands of times, and looks whether a test notices: `npm run mutation`, or one set of
// scripts/mutation/sets.mjs: `npm run mutation hedge`. Writes docs/quality.json (what was found) and docs/quality.md (to be read), with
// the reasons that people have written into docs/quality-survivors.json. `--write` writes the page again and runs nothing; `--again` asks
// only about those that nobody has explained: after a hole was closed, in a minute instead of ten.
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { page, reasonFor } from './mutation/page.mjs'
import { sets } from './mutation/sets.mjs'
import { runThenEnd } from './run-then-end.mjs'

/** Copies what git knows or would add, and links what is installed. The links between the packages lead to the copies. */
function copyTo(folder) {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8', maxBuffer: 2 ** 26 })
  for (const file of stdout.split('\0').filter((name) => name && existsSync(name))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    copyFileSync(file, join(folder, file))
  }
  for (const place of ['.', ...readdirSync('packages').map((name) => `packages/${name}`)]) {
    const from = join(place, 'node_modules')
    if (!existsSync(from)) continue
    cpSync(from, join(folder, from), { recursive: true, verbatimSymlinks: true, filter: (name) => !/node_modules.\.(?:pnpm|bin|cache|vite)/.test(name) })
  }
  symlinkSync(resolve('node_modules/.pnpm'), join(folder, 'node_modules/.pnpm'), 'junction')
}

/** Reads what Stryker has found, mutant by mutant. */
function read(file) {
  const { files } = JSON.parse(readFileSync(file, 'utf8'))
  return Object.entries(files).flatMap(([name, { source, mutants }]) => {
    const lines = source.split('\n')
    return mutants.filter(({ status }) => status !== 'Ignored' && status !== 'CompileError').map(({ location: { start, end }, replacement, status }) => {
      const code = lines.slice(start.line - 1, end.line)
      code[code.length - 1] = code.at(-1).slice(0, end.column - 1)
      code[0] = code[0].slice(start.column - 1)
      return {
        file: name, at: start.line, lines: code.length, line: short(lines[start.line - 1]), code: short(code.join('\n')), becomes: short(replacement),
        killed: status === 'Killed' || status === 'Timeout' || status === 'RuntimeError',
      }
    })
  })
}

const byPlace = (one, other) => (one.file === other.file ? one.at - other.at : one.file < other.file ? -1 : 1)
const survivor = ({ file, at, lines, line, code, becomes }) => ({ file, at, lines, line, code, becomes })
const isSame = (one, other) => one.file === other.file && one.at === other.at && one.code === other.code && one.becomes === other.becomes

/** What a whole run has found. */
const anew = (all) => ({ mutants: all.length, killed: all.filter(({ killed }) => killed).length, survivors: all.filter(({ killed }) => !killed).map(survivor).sort(byPlace) })

/** What is left of those that have survived before: killed by now, or gone with their code, or still there. */
function anewOf({ mutants, killed, survivors }, asked, all) {
  const found = asked.map((one) => all.find((other) => isSame(one, other)))
  const dead = found.filter((one) => one?.killed).length
  const rest = survivors.filter(({ id }) => !asked.some((one) => one.id === id))
  return {
    mutants: mutants - found.filter((one) => !one).length,
    killed: killed + dead,
    survivors: [...rest, ...found.filter((one) => one && !one.killed)].map(survivor).sort(byPlace),
  }
}

/** Where the survivors are by now that nobody has explained; one whose line is not there any more has no place. */
function placed(survivors) {
  return survivors.filter((one) => kindOf(one) === 'open').map((one) => {
    const lines = readFileSync(one.file, 'utf8').split('\n')
    const places = lines.flatMap((line, index) => (short(line) === one.line ? [index + 1] : []))
    const [at] = places.sort((a, b) => Math.abs(a - one.at) - Math.abs(b - one.at))
    return { ...one, at }
  })
}

const short = (code) => {
  const text = code.trim().replaceAll(/\s+/g, ' ')
  return text.length > 120 ? `${text.slice(0, 80)} … ${text.slice(-36)}` : text
}

const reasons = JSON.parse(readFileSync('docs/quality-survivors.json', 'utf8'))
const kindOf = (survivor) => reasonFor(survivor, reasons)?.kind ?? 'open'
const written = () => (existsSync('docs/quality.json') ? JSON.parse(readFileSync('docs/quality.json', 'utf8')) : {})
const results = written()
const asked = process.argv.slice(2).filter((name) => !name.startsWith('--'))
const unknown = asked.filter((asked) => !sets.some(({ name }) => name === asked))
if (unknown.length > 0) {
  console.error(`no set is called ${unknown.join(', ')}: ${sets.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const again = process.argv.includes('--again')
let failed = false
for (const { name } of process.argv.includes('--write') ? [] : sets.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  const before = results[name] && { ...results[name], survivors: results[name].survivors.map((one, id) => ({ ...one, id })) }
  const open = again && before ? placed(before.survivors) : []
  const ranges = open.filter(({ at }) => at).map(({ file, at, lines = 1 }) => `${file}:${at}-${at + lines - 1}`)
  if (again && ranges.length === 0) continue
  const folder = mkdtempSync(join(tmpdir(), `backon-mutation-${name}-`))
  try {
    copyTo(folder)
    console.log(`\n> ${name}, in ${folder}`)
    const env = { ...process.env, BACKON_MUTATION_SET: name, BACKON_MUTATION_RANGES: again ? ranges.join() : '' }
    const status = await runThenEnd('node', ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', 'scripts/mutation/stryker.config.mjs'], { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
    if (status !== 0) {
      failed = true
      continue
    }
    const all = read(join(folder, 'mutation.json'))
    // A run of another set may have ended meanwhile.
    Object.assign(results, written(), { [name]: again ? anewOf(before, open, all) : anew(all) })
    writeFileSync('docs/quality.json', `${JSON.stringify(Object.fromEntries(sets.filter(({ name }) => results[name]).map(({ name }) => [name, results[name]])), null, 1)}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const { text, rows, stale } = page(results, reasons, sets)
writeFileSync('docs/quality.md', text)
for (const { name, mutants, killed, score, open } of rows) console.log(`${name.padEnd(12)} ${String(killed).padStart(5)} of ${String(mutants).padStart(5)}   ${score} %   ${open} open`)
for (const { file, code, becomes } of stale) console.log(`no survivor any more: ${file}: ${code} → ${becomes}`)
if (failed || rows.some(({ low }) => low)) process.exitCode = 1
