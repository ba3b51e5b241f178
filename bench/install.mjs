import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
// The dependencies draw charts; the devDependencies are the peers.
const { devDependencies: wanted, dependencies: tools } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'))

/** Gives the installed version of each peer, by name. */
export const peerVersions = () =>
  Object.fromEntries(Object.keys(wanted).map((name) => [name, installedVersion(name)]))

/** Installs the peers into this folder from its own lockfile, unless the wanted versions are there. */
export function installPeers() {
  if (Object.entries({ ...wanted, ...tools }).every(([name, version]) => installedVersion(name) === version)) return
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`npm ci failed in ${folder} with code ${status}`)
}

function installedVersion(name) {
  const manifest = `${folder}node_modules/${name}/package.json`
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined
}
