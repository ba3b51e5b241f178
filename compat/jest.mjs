// Runs the tests of jest/, a CommonJS project with Jest, on the packed packages: as packages/testing/README.md says that it is set up.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { home } from './install.mjs'
import { must, run } from './shell.mjs'
import { table } from './table.mjs'

const project = join(home, 'jest')
const modules = join(project, 'node_modules')

/** Installs what the lockfile of jest/ names, when it has changed, and our packages beside it. */
async function prepare() {
  const stamp = join(modules, '.backon-stamp')
  const lock = readFileSync(join(project, 'package-lock.json'), 'utf8')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    // Vite has set NODE_ENV to production by then, and npm would leave everything out.
    await must('npm', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: project, timeout: 600_000 })
    writeFileSync(stamp, lock)
  }
  for (const name of ['core', 'testing']) {
    rmSync(join(modules, '@backon', name), { recursive: true, force: true })
    cpSync(join(home, 'node_modules/@backon', name), join(modules, '@backon', name), { recursive: true })
  }
}

const node = (version) => join(home, `node_modules/node${version}/bin/node`)

/** What each is started with. */
const ways = [
  ...[20, 24].flatMap((version) => ['ts-jest', 'babel-jest', 'swc'].map((name) => ({ way: `${name}, transformIgnorePatterns`, version, args: ['node_modules/jest/bin/jest.js', '--selectProjects', name] }))),
  { way: 'nothing but NODE_OPTIONS=--experimental-vm-modules', version: 24, args: ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--config', 'untransformed.config.cjs'] },
]

/** @returns {Promise<{ text: string, passed: number, failed: number, skipped: number }>} */
export async function checkJest() {
  await prepare()
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const rows = new Map()
  for (const { way, version, args } of ways) {
    const { ok, output } = await run(node(version), args, { cwd: project, timeout: 300_000 })
    counts[ok ? 'passed' : 'failed'] += 1
    if (!ok) console.error(`${way}, Node ${version}:\n${output.replace(/^/gm, '  ')}`)
    const cells = rows.get(way) ?? {}
    rows.set(way, { ...cells, [version]: ok ? 'works' : 'fails' })
  }
  const { version } = JSON.parse(readFileSync(join(modules, 'jest/package.json'), 'utf8'))
  const text = table([[`Jest ${version}, CommonJS`, 'Node 20', 'Node 24'], ...[...rows].map(([way, cells]) => [way, cells[20] ?? '–', cells[24] ?? '–'])])
  return { text, ...counts }
}
