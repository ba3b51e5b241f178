// Everything that is proved on the packed tarballs. `npm run compat [part …]`, parts: runtimes bundlers types frameworks.
// With `--write` the tables go into RESULTS.md here and between the marks of the README.
import { line, report } from '../scripts/counts.mjs'
import { install } from './install.mjs'

const parts = {
  runtimes: async () => (await import('./runtimes.mjs')).checkRuntimes(),
  bundlers: async () => (await import('./bundlers.mjs')).checkBundlers(),
  types: async () => (await import('./types.mjs')).checkTypes(),
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
const total = { passed: 0, failed: 0, skipped: 0 }
for (const [name, check] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const started = performance.now()
  const { text, ...counts } = await check()
  console.log(`\n${name} (${line(counts)}, ${((performance.now() - started) / 1000).toFixed(0)} s)\n\n${text}\n`)
  for (const key of Object.keys(total)) total[key] += counts[key]
}
report(total)
process.exitCode = total.failed > 0 ? 1 : 0
