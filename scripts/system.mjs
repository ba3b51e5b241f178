import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const find = (binary) => (process.env.PATH ?? '').split(delimiter).concat('/usr/bin').map((folder) => join(folder, binary)).find((file) => existsSync(file))

const lock = join(tmpdir(), 'backon-apt.lock')

/** Runs one installation at a time: test files run at once, and apt-get waits for nobody. After five minutes a lock is a left-over. */
function alone(action) {
  for (let seconds = 0; seconds < 300; seconds++) {
    try {
      mkdirSync(lock)
      break
    } catch {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
    }
  }
  try {
    return action()
  } finally {
    rmdirSync(lock)
  }
}

/**
 * Finds a program, and installs Debian's package of it where it is missing and that is possible (root, apt-get).
 *
 * @param {string} name The package, such as `chromium`.
 * @param {string} [binary] The program in it. Default: the name of the package.
 * @returns {{ path: string, why?: undefined } | { path?: undefined, why: string }} Where it is, or why it is not.
 */
export function ensure(name, binary = name) {
  const path = find(binary)
  if (path) return { path }
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !find('apt-get')) return { why: `${binary} is not installed, and only root on Debian can install it here` }
  const apt = (...args) => spawnSync('apt-get', args, { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 300_000 })
  return alone(() => {
    const meanwhile = find(binary)
    if (meanwhile) return { path: meanwhile }
    console.error(`Installing Debian's ${name} …`)
    const install = () => apt('install', '-y', '--no-install-recommends', name)
    let result = install()
    // The lists of a fresh machine are empty or old.
    if (result.status !== 0) {
      apt('update')
      result = install()
    }
    const installed = find(binary)
    return installed ? { path: installed } : { why: `apt-get install ${name} failed: ${(result.stderr || String(result.error)).trim().split('\n').at(-1)}` }
  })
}
