// Breaks the code on purpose, a little and thousands of times, and looks whether a test notices: `npm run mutation`, or one set of
// scripts/mutation/sets.mjs: `npm run mutation hedge`. Writes docs/quality.json (what was found) and docs/quality.md (to be read), with
// the reasons that people have written into docs/quality-survivors.json. `--write` writes the page again and runs nothing.
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { page } from './mutation/page.mjs'
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

/** Reads what Stryker has found: how many mutants, how many were noticed, and those that were not. */
function read(file) {
  const { files } = JSON.parse(readFileSync(file, 'utf8'))
  const found = { mutants: 0, killed: 0, survivors: [] }
  for (const [name, { source, mutants }] of Object.entries(files)) {
    const lines = source.split('\n')
    for (const { location: { start, end }, replacement, status } of mutants) {
      if (status === 'Ignored' || status === 'CompileError') continue
      found.mutants += 1
      if (status === 'Killed' || status === 'Timeout' || status === 'RuntimeError') {
        found.killed += 1
        continue
      }
      const code = lines.slice(start.line - 1, end.line)
      code[code.length - 1] = code.at(-1).slice(0, end.column - 1)
      code[0] = code[0].slice(start.column - 1)
      found.survivors.push({ file: name, at: start.line, line: short(lines[start.line - 1]), code: short(code.join('\n')), becomes: short(replacement) })
    }
  }
  found.survivors.sort((one, other) => (one.file === other.file ? one.at - other.at : one.file < other.file ? -1 : 1))
  return found
}

const short = (code) => {
  const text = code.trim().replaceAll(/\s+/g, ' ')
  return text.length > 120 ? `${text.slice(0, 80)} … ${text.slice(-36)}` : text
}

const results = existsSync('docs/quality.json') ? JSON.parse(readFileSync('docs/quality.json', 'utf8')) : {}
const asked = process.argv.slice(2).filter((name) => !name.startsWith('--'))
const unknown = asked.filter((asked) => !sets.some(({ name }) => name === asked))
if (unknown.length > 0) {
  console.error(`no set is called ${unknown.join(', ')}: ${sets.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

let failed = false
for (const { name } of process.argv.includes('--write') ? [] : sets.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  const folder = mkdtempSync(join(tmpdir(), `backon-mutation-${name}-`))
  try {
    copyTo(folder)
    console.log(`\n> ${name}, in ${folder}`)
    const env = { ...process.env, BACKON_MUTATION_SET: name }
    const status = await runThenEnd('node', ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', 'scripts/mutation/stryker.config.mjs'], { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
    if (status !== 0) {
      failed = true
      continue
    }
    results[name] = read(join(folder, 'mutation.json'))
    writeFileSync('docs/quality.json', `${JSON.stringify(Object.fromEntries(sets.filter(({ name }) => results[name]).map(({ name }) => [name, results[name]])), null, 1)}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const { text, rows, stale } = page(results, JSON.parse(readFileSync('docs/quality-survivors.json', 'utf8')), sets)
writeFileSync('docs/quality.md', text)
for (const { name, mutants, killed, score, open } of rows) console.log(`${name.padEnd(12)} ${String(killed).padStart(5)} of ${String(mutants).padStart(5)}   ${score} %   ${open} open`)
for (const { file, code, becomes } of stale) console.log(`no survivor any more: ${file}: ${code} → ${becomes}`)
if (failed || rows.some(({ low }) => low)) process.exitCode = 1
