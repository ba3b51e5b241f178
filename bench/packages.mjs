import { existsSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../packages/', import.meta.url))
const replaced = new Map()
const loaded = new Map()

/** What a row throws, and what its table cell says, when a package that it needs has no built exports. */
export class NotBuilt extends Error {}

/** Takes a package from another built file than its own `dist`, for instance a bundle of work in progress. */
export function replacePackage(name, file) {
  replaced.set(name, isAbsolute(file) ? file : resolve(file))
}

/** Gives the built entry of a package of this repository, or of one of its subpaths. */
export function builtEntry(name, subpath = 'index') {
  return (subpath === 'index' && replaced.get(name)) || `${root}${name}/dist/${subpath}.js`
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
