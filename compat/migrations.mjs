// Does what docs/coming-from-*.md says of counts and behaviour with both libraries, on the packed packages.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folders, home } from './install.mjs'
import { must, run } from './shell.mjs'
import { table } from './table.mjs'

const project = join(home, 'migrations')
const modules = join(project, 'node_modules')

/** Installs what the lockfile of migrations/ names, when it has changed, and our packages beside it. */
async function prepare() {
  const stamp = join(modules, '.backon-stamp')
  const lock = readFileSync(join(project, 'package-lock.json'), 'utf8')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    await must('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: project, timeout: 600_000 })
    writeFileSync(stamp, lock)
  }
  for (const name of folders) {
    rmSync(join(modules, '@backon', name), { recursive: true, force: true })
    cpSync(join(home, 'node_modules/@backon', name), join(modules, '@backon', name), { recursive: true })
  }
}

/** @returns {Promise<{ text: string, passed: number, failed: number, skipped: number }>} */
export async function checkMigrations() {
  await prepare()
  const { ok, stdout, output } = await run(join(home, 'node_modules/node24/bin/node'), ['main.mjs'], { cwd: project })
  if (!ok) {
    console.error(output)
    return { text: '', passed: 0, failed: 1, skipped: 0 }
  }
  const results = JSON.parse(stdout)
  for (const { page, claim, gave } of results.filter((one) => !one.ok)) console.error(`docs/coming-from-${page}.md says: ${claim}. They gave ${JSON.stringify(gave)}`)
  const failed = results.filter((one) => !one.ok).length
  const rows = results.map(({ page, claim, gave, ok }) => [page, claim, ...gave.map((value) => (ok ? [value].flat().join(', ') : 'fails'))])
  return { text: table([['coming from', 'what the page says', 'theirs', 'here'], ...rows]), passed: results.length - failed, failed, skipped: 0 }
}
