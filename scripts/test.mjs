// Everything that must hold, from cheap to dear; stops at the first check that fails.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { line } from './counts.mjs'

// `counts`: the command reports how many things it looked at (scripts/counts.mjs); any other command is one thing.
const checks = [
  { name: 'imports', command: 'node scripts/check-imports.mjs', counts: true },
  { name: 'lint', command: 'oxlint --type-aware --deny-warnings' },
  { name: 'types', command: 'tsc -p tsconfig.json' },
  { name: 'types, legacy decorators', command: 'tsc -p tsconfig.legacy.json' },
  { name: 'build', command: 'turbo run build --output-logs=errors-only' },
  { name: 'tests', command: 'vitest run --coverage', counts: true },
  { name: 'sizes', command: 'node scripts/size.mjs', counts: true },
  { name: 'code in the documents', command: 'node scripts/check-readme.mjs', counts: true },
  { name: 'packages as published', command: 'node scripts/check-packages.mjs', counts: true },
]

// Under CI some tools colour a log that nobody's terminal will show.
const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1' }
const scratch = mkdtempSync(join(tmpdir(), 'backon-test-'))
const total = { passed: 0, failed: 0, skipped: 0 }
let stoppedAt

for (const [index, { name, command, counts }] of checks.entries()) {
  if (stoppedAt) {
    total.skipped += 1
    continue
  }
  console.log(`\n> ${name}: ${command}`)
  const file = join(scratch, `${index}.json`)
  const started = performance.now()
  const { status, error } = spawnSync(command, { shell: true, stdio: ['ignore', 'inherit', 'inherit'], env: { ...env, BACKON_COUNTS: file } })
  if (error) console.error(error)

  const found = { passed: 0, failed: 0, skipped: 0 }
  if (counts && existsSync(file)) {
    for (const text of readFileSync(file, 'utf8').trim().split('\n')) {
      const one = JSON.parse(text)
      for (const key of Object.keys(found)) found[key] += one[key]
    }
  } else if (status === 0) found.passed = 1
  // A check can fail with nothing counted as failed: a crash, or coverage below its threshold.
  if (status !== 0 && found.failed === 0) found.failed = 1
  if (found.failed > 0) stoppedAt = { name, command }
  for (const key of Object.keys(total)) total[key] += found[key]
  console.log(`  ${found.failed > 0 ? 'FAILED' : 'ok'}, ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
rmSync(scratch, { recursive: true, force: true })

if (stoppedAt) console.log(`\nStopped at "${stoppedAt.name}"; the checks after it were skipped. Run it alone: npx pnpm exec ${stoppedAt.command}`)
console.log(`\n${line(total)}`)
// Not process.exit(): a pipe that is still being read would lose the last line.
process.exitCode = stoppedAt ? 1 : 0
