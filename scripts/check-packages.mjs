// Packs every package as it would be published, then asks publint and are-the-types-wrong what a user would meet.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { report } from './counts.mjs'
import { packages } from './packages.mjs'

const scratch = mkdtempSync(join(tmpdir(), 'backon-pack-'))

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' })
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}${error ?? ''}` }
}

/** What must be in a tarball besides what `exports` names; the declaration maps lead into src/. */
const expected = ['package/package.json', 'package/README.md', 'package/LICENSE', 'package/dist/index.js', 'package/dist/index.js.map', 'package/dist/index.d.ts', 'package/dist/index.d.ts.map', 'package/src/index.ts']

function checkContent(tarball) {
  const { ok, output } = run('tar', ['-tzf', tarball])
  if (!ok) return { ok, output }
  const files = output.trim().split('\n')
  const problems = [
    ...expected.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files.filter((file) => /\.test(-d)?\.|node_modules|\.turbo|tsconfig/.test(file)).map((file) => `${file} should not be published`),
  ]
  return { ok: problems.length === 0, output: problems.join('\n') }
}

const counts = { passed: 0, failed: 0 }
for (const { folder, path, manifest } of packages()) {
  const target = join(scratch, folder)
  const packed = run('pnpm', ['pack', '--pack-destination', target], path)
  const tarball = packed.ok ? join(target, readdirSync(target).find((file) => file.endsWith('.tgz'))) : ''
  const results = packed.ok
    ? {
        content: checkContent(tarball),
        publint: run('publint', ['run', tarball, '--strict']),
        attw: run('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color', '--no-emoji']),
      }
    : { pack: packed }
  for (const [name, { ok, output }] of Object.entries(results)) {
    counts[ok ? 'passed' : 'failed'] += 1
    if (!ok) console.error(`${manifest.name}, ${name}:\n${output.replace(/^/gm, '  ')}`)
  }
}
rmSync(scratch, { recursive: true, force: true })

if (counts.failed === 0) console.log(`${packages().length} tarballs: content, publint and are-the-types-wrong find nothing`)
report(counts)
process.exitCode = counts.failed > 0 ? 1 : 0
