import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { must } from './shell.mjs'

export const home = fileURLToPath(new URL('.', import.meta.url))
export const work = join(home, '.work')
const modules = join(home, 'node_modules')
const packages = join(home, '../packages')

/** The names of our packages' folders. */
export const folders = readdirSync(packages).filter((folder) => !folder.startsWith('_') && existsSync(join(packages, folder, 'package.json')))

/** Installs what the lockfile of this folder names, when it has changed since the last time. */
async function installOthers() {
  const stamp = join(modules, '.backon-stamp')
  const lock = readFileSync(join(home, 'package-lock.json'), 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  console.log('Installing the runtimes, bundlers and compilers of compat/package-lock.json …')
  // No install scripts: the binaries are in the packages.
  await must('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home, timeout: 600_000 })
  writeFileSync(stamp, lock)
}

/** Packs our built packages as they would be published, and unpacks them where the programs of this folder find them. */
async function installOurs() {
  const scratch = mkdtempSync(join(tmpdir(), 'backon-compat-'))
  const unpack = async (tarball, target) => {
    rmSync(target, { recursive: true, force: true })
    mkdirSync(target, { recursive: true })
    await must('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'])
  }
  await Promise.all(
    folders.map(async (folder) => {
      if (!existsSync(join(packages, folder, 'dist/index.js'))) throw new Error(`packages/${folder} is not built`)
      await must('pnpm', ['pack', '--pack-destination', join(scratch, folder)], { cwd: join(packages, folder) })
      const tarball = join(scratch, folder, readdirSync(join(scratch, folder))[0])
      await unpack(tarball, join(modules, '@backon', folder))
      // The second copy of core that a program gets when two of its dependencies want different versions.
      if (folder === 'core') await unpack(tarball, join(modules, 'core-twin'))
    }),
  )
  rmSync(scratch, { recursive: true, force: true })
}

/** Makes this folder ready. Everything in it runs on the tarballs. */
export async function install() {
  await installOthers()
  await installOurs()
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
}

/** Where a compiler's command is, by the name of its package in package.json. */
export const tsc = (version) => {
  const { bin } = JSON.parse(readFileSync(join(modules, version, 'package.json'), 'utf8'))
  return join(modules, version, bin.tsc ?? Object.values(bin)[0])
}
