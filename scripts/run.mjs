// Runs one of the project's scripts from a bare clone: `node scripts/run.mjs test`. Needs Node 20 and npm, nothing else, where the lockfile
// has a Node for the tools: Linux with glibc on x64 and arm64. Elsewhere the tools run on the Node that is there.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runThenEnd } from './run-then-end.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')
const stampFile = join(root, 'node_modules', '.backon-stamp')
const windows = process.platform === 'win32'

/** Fingerprints what decides the content of node_modules: the lockfile and every manifest it was made from. */
function stamp() {
  const hash = createHash('sha256')
  const manifests = ['packages', 'examples']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).sort().map((name) => join(folder, name, 'package.json')))
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)))
  }
  return `${process.platform}-${process.arch} ${hash.digest('hex')}\n`
}

function isInstalled() {
  // The stamp outlives a deleted packages/*/node_modules, so the links are looked at too.
  const linked = ['packages', 'examples'].every((folder) =>
    readdirSync(join(root, folder)).every(
      (name) =>
        name === 'core' || name.startsWith('_') ||
        !existsSync(join(root, folder, name, 'package.json')) || existsSync(join(root, folder, name, 'node_modules')),
    ),
  )
  return linked && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp()
}

function run(command, args, env) {
  // npm and npx are .cmd files on Windows, which only a shell can start.
  return runThenEnd(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env, shell: windows })
}

const [name, ...rest] = process.argv.slice(2)
const { packageManager, scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
if (!name || !scripts[`do:${name}`]) {
  const names = Object.keys(scripts).filter((key) => key.startsWith('do:')).map((key) => key.slice(3))
  console.error(`usage: node scripts/run.mjs <${names.join('|')}>`)
  process.exit(2)
}

const [major, minor] = process.versions.node.split('.').map(Number)
const ownNode = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) && process.report.getReport().header.glibcVersionRuntime !== undefined
/** The oldest Node that the tools run on, and the one that starts them. */
const wanted = ownNode ? '20.19' : '24'
if (ownNode ? major < 20 || (major === 20 && minor < 19) : major < 24) {
  const why = ownNode ? '' : `, because the lockfile has none for ${process.platform} on ${process.arch}`
  console.error(`This needs Node ${wanted} or newer${why}. It is Node ${process.versions.node}.\nInstall one (https://nodejs.org, nvm, fnm, mise), then: npm run ${name}`)
  if (name === 'test') console.log('0 passed, 1 failed, 0 skipped')
  process.exit(1)
}

const env = {
  ...process.env,
  npm_config_update_notifier: 'false',
  npm_config_loglevel: 'error',
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
}

if (!isInstalled()) {
  console.error(`First run, or the lockfile has changed: installing into node_modules with ${packageManager}, ${ownNode ? 'a Node 24 for the tools included. ' : ''}About 600 MB, once.`)
  const began = performance.now()
  const status = await run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn'], env)
  if (status !== 0) {
    console.error('\nInstalling failed, see above. If package.json was edited, update the lockfile: npx ' + packageManager + ' install')
    if (name === 'test') console.log('0 passed, 1 failed, 0 skipped')
    process.exit(status)
  }
  writeFileSync(stampFile, stamp())
  console.error(`Installed in ${Math.round((performance.now() - began) / 1000)} s. Next: ${name}.\n`)
}

// First on PATH is the Node of the lockfile, so that every tool runs on it whatever Node started this file.
// (Windows spells the variable `Path`; a second spelling beside it would be ignored.)
const path = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
env[path] = `${bin}${delimiter}${env[path] ?? ''}`
process.exit(await run(join(bin, windows ? 'pnpm.cmd' : 'pnpm'), ['run', '--silent', `do:${name}`, ...rest], env))
