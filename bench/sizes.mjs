import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { installPeers } from './install.mjs'
import { NotBuilt, builtEntry, replacePackages, replacements } from './packages.mjs'
import { sections } from './rows/sizes.mjs'
import { table, verdict } from './table.mjs'

const { values: flags } = parseArgs({
  options: {
    ...replacements,
    rows: { type: 'string' }, // a part of row names; several with commas
  },
})

replacePackages(flags)
installPeers()
const { build } = await import('esbuild')

const builtPackages = {
  name: 'built packages',
  setup(build) {
    build.onResolve({ filter: /^@backon\// }, ({ path }) => {
      const [, name, ...subpath] = path.split('/')
      const entry = builtEntry(name, subpath.join('/') || undefined)
      if (!existsSync(entry)) throw new NotBuilt(name)
      return { path: entry, sideEffects: false }
    })
  },
}

const wanted = flags.rows?.split(',')
for (const { title, rows } of sections) {
  const chosen = rows.filter(({ name }) => wanted?.some((part) => name.includes(part)) ?? true)
  if (chosen.length) console.log(`## ${title}\n\n${draw(await Promise.all(chosen.map(weigh)))}\n`)
}

async function weigh({ name, source, beside, target, platform }) {
  try {
    const alone = await bundle(source, platform)
    const added = beside && (await bundle(`${beside}; ${source}`)).gzip - (await bundle(beside)).gzip
    return { name, target, ...alone, added }
  } catch (error) {
    return { name, target, problem: problemOf(error) }
  }
}

async function bundle(source, platform = 'node') {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'esm',
    platform,
    // As given, except where a browser's build is another one.
    mainFields: [...(platform === 'browser' ? ['browser'] : []), 'module', 'main'],
    target: 'esnext',
    write: false,
    logLevel: 'silent',
    plugins: [builtPackages],
  })
  const [{ contents }] = outputFiles
  if (contents.length === 0) throw new NotBuilt(source)
  return { minified: contents.length, gzip: gzipSync(contents, { level: 9 }).length }
}

function problemOf(error) {
  const first = error.errors?.[0]
  if (error instanceof NotBuilt || first?.detail instanceof NotBuilt || first?.text.startsWith('No matching export')) return 'not built yet'
  return `error: ${first?.text ?? error.message}`
}

function draw(rows) {
  return table([
    ['', 'gzip B', 'minified B', 'added, gzip B', 'target', ''],
    ...rows.map(({ name, problem, gzip, minified, added, target }) => [
      name,
      problem ?? gzip.toLocaleString('en'),
      problem ? '' : minified.toLocaleString('en'),
      added?.toLocaleString('en') ?? '',
      target ? `≤ ${target.toLocaleString('en')} B` : '',
      verdict(added ?? gzip, target),
    ]),
  ])
}
