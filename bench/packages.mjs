import { existsSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../packages/', import.meta.url))
const replaced = new Map()
const loaded = new Map()

/** What a row throws, and what its table cell says, when a package that it needs has no built exports. */
export class NotBuilt extends Error {}

/** Command line options of every measurement: which built files to take instead of `packages/<name>/dist/index.js`. */
export const replacements = {
  core: { type: 'string' }, // --core <file>
  package: { type: 'string', multiple: true, default: [] }, // --package breaker=<file>
}

/** Takes packages from the files given by those options, for instance bundles of work in progress. */
export function replacePackages({ core, package: others }) {
  for (const pair of [...(core ? [`core=${core}`] : []), ...others]) {
    const [name, file] = pair.split('=')
    replaced.set(name, resolve(file))
  }
}

/** Gives those options again, for a child process. */
export const replacementArguments = () => [...replaced].flatMap(([name, file]) => ['--package', `${name}=${file}`])

/** Gives the built entry of a package of this repository, or of one of its subpaths. */
export function builtEntry(name, subpath = 'index') {
  const file = `${root}${name}/dist/${subpath}`
  return (subpath === 'index' && replaced.get(name)) || (existsSync(`${file}.js`) ? `${file}.js` : `${file}/index.js`)
}

/** Loads the build of a package; throws NotBuilt when it has none, or one without exports. */
export async function load(name) {
  if (!loaded.has(name)) loaded.set(name, importBuilt(name))
  return loaded.get(name)
}

/** Loads a dependency as that package of this repository sees it, such as its peer `prom-client`. */
export async function loadPeer(name, dependency) {
  const from = createRequire(`${root}${name}/package.json`)
  return import(pathToFileURL(from.resolve(dependency)).href)
}

async function importBuilt(name) {
  const entry = builtEntry(name)
  if (!existsSync(entry)) throw new NotBuilt(name)
  const module = await import(pathToFileURL(entry).href)
  if (Object.keys(module).length === 0) throw new NotBuilt(name)
  return module
}

if (!registerHooks) throw new Error(`the bench needs Node 22.15 or newer; this is ${process.version}`)

// In the workspace `@backon/*` may lead to sources. Here every importer gets the same built copy.
registerHooks({
  resolve(specifier, context, next) {
    const [, name, subpath] = /^@backon\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? []
    if (!name) return next(specifier, context)
    return { url: pathToFileURL(builtEntry(name, subpath)).href, shortCircuit: true }
  },
})
