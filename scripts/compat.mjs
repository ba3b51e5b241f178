// Loads the packed packages in every Node of test/compat, by import and by require, as a user's program would.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { report } from './counts.mjs'
import { packages } from './packages.mjs'

const home = resolve('test/compat')

function must(command, args, cwd) {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error ?? stderr}`)
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log('The runtimes of test/compat are for Linux on x64: nothing compared.')
  report({ skipped: 1 })
  process.exit()
}
if (!existsSync(join(home, 'node_modules/node26'))) must('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], home)

const scratch = mkdtempSync(join(tmpdir(), 'backon-compat-'))
rmSync(join(home, 'node_modules/@backon'), { recursive: true, force: true })
const entries = []
for (const { folder, path, manifest } of packages()) {
  must('pnpm', ['pack', '--pack-destination', join(scratch, folder)], path)
  const target = join(home, 'node_modules/@backon', folder)
  mkdirSync(target, { recursive: true })
  must('tar', ['-xzf', join(scratch, folder, readdirSync(join(scratch, folder))[0]), '-C', target, '--strip-components=1'])
  for (const [subpath, to] of Object.entries(manifest.publishConfig.exports)) if (to.default) entries.push(manifest.name + subpath.slice(1))
}
rmSync(scratch, { recursive: true, force: true })

// import and require must give the same exports, and loading must leave nothing running.
const program = `
  const { createRequire } = require('node:module')
  const load = createRequire(${JSON.stringify(join(home, 'index.js'))})
  const { pathToFileURL } = require('node:url')
  const entries = ${JSON.stringify(entries)}
  Promise.all(entries.map(async (name) => {
    const required = Object.keys(load(name)).sort().join()
    const imported = Object.keys(await import(pathToFileURL(load.resolve(name)))).sort().join()
    if (required !== imported) throw new Error(name + ': require gives ' + required + ', import gives ' + imported)
  })).then(() => console.log(process.version), (error) => { console.error(error); process.exitCode = 1 })
`

const runtimes = readdirSync(join(home, 'node_modules')).filter((name) => /^node\d+$/.test(name))
const counts = { passed: 0, failed: 0 }
for (const runtime of runtimes) {
  const { status, stdout, stderr } = spawnSync(join(home, 'node_modules', runtime, 'bin/node'), ['-e', program], { cwd: home, encoding: 'utf8', timeout: 30_000 })
  counts[status === 0 ? 'passed' : 'failed'] += 1
  console.log(status === 0 ? `Node ${stdout.trim()}: ${entries.length} entries load` : `${runtime} failed:\n${stdout}${stderr}`)
}
report(counts)
process.exitCode = counts.failed > 0 ? 1 : 0
