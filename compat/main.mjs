// Everything that is proved on the packed tarballs. `npm run compat [part …]`, parts: runtimes bundlers types playground frameworks jest migrations.
// With `--write` the tables go into RESULTS.md here.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { line, report } from '../scripts/counts.mjs'
import { install } from './install.mjs'

const parts = {
  runtimes: async () => (await import('./runtimes.mjs')).checkRuntimes(),
  bundlers: async () => (await import('./bundlers.mjs')).checkBundlers(),
  types: async () => (await import('./types.mjs')).checkTypes(),
  playground: async () => (await import('./playground.mjs')).checkPlayground(),
  frameworks: async () => (await import('./frameworks.mjs')).checkFrameworks(),
  migrations: async () => (await import('./migrations.mjs')).checkMigrations(),
  jest: async () => (await import('./jest.mjs')).checkJest(),
}

const asked = process.argv.slice(2).filter((word) => !word.startsWith('-'))
for (const name of asked) {
  if (!(name in parts)) {
    console.error(`there is no part "${name}": ${Object.keys(parts).join(', ')}`)
    process.exit(2)
  }
}
if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log('The runtimes of compat/package.json are for Linux on x64: nothing was checked.')
  report({ skipped: 1 })
  process.exit()
}

await install()
const tables = {}
const total = { passed: 0, failed: 0, skipped: 0 }
for (const [name, check] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const started = performance.now()
  const { text, ...counts } = await check()
  console.log(`\n${name} (${line(counts)}, ${((performance.now() - started) / 1000).toFixed(0)} s)\n\n${text}\n`)
  for (const key of Object.keys(total)) total[key] += counts[key]
  tables[name] = text
}
if (process.argv.includes('--write')) write()
report(total)
process.exitCode = total.failed > 0 ? 1 : 0

/** Puts the tables where people read them: as far as they are new, between the marks of the part. */
function write() {
  const file = fileURLToPath(new URL('RESULTS.md', import.meta.url))
  let text = readFileSync(file, 'utf8')
  for (const [name, table] of Object.entries(tables)) {
    const mark = new RegExp(`(<!-- compat ${name} -->)[^]*?(<!-- /compat -->)`)
    text = text.replace(mark, (_, open, close) => `${open}\n${table}\n${close}`)
  }
  writeFileSync(file, text)
}
