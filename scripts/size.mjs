// Bundles each entry of package.json's "sizes" from dist/, as a user's bundler would, and holds it to its limit.
// An entry: { name, import: "import { x } from '@backon/y'" or code: "whole module", limit: bytes, external?: [names],
// beside?: "import …", aim?: bytes } — with `aim`, a goal that is not reached yet is shown; with `beside`, what counts is how much a bundle grows that already has that import.
// The documents quote sizes as `<!-- size: NAME -->1,234 B<!-- /size -->`; `--write-readme` brings them up to date, and
// without it a figure that is more than 5 % off fails.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { report } from './counts.mjs'
import { packages } from './packages.mjs'

// In the workspace `exports` points at the sources; what is measured is what `publishConfig` will make of it.
const built = new Map(
  packages().flatMap(({ path, manifest }) =>
    Object.entries(manifest.publishConfig.exports)
      .filter(([, target]) => target.default)
      .map(([subpath, target]) => [manifest.name + subpath.slice(1), resolve(path, target.default)]),
  ),
)

const fromDist = {
  name: 'from-dist',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^@backon\// }, ({ path }) => {
      const external = esbuild.initialOptions.external ?? []
      if (external.includes(path)) return { path, external: true }
      const file = built.get(path)
      return file ? { path: file, sideEffects: false } : { errors: [{ text: `${path} is no entry of a package here` }] }
    })
  },
}

// Exporting what was imported keeps it in the bundle without adding code of its own.
const kept = (statement) => statement.replace(/^\s*import\b/, 'export')

async function measure({ import: statement, code, external, beside }) {
  if (beside) return (await weigh(`${kept(beside)}\n${code ?? kept(statement)}`, external)) - (await weigh(kept(beside), external))
  return weigh(code ?? kept(statement), external)
}

async function weigh(contents, external = []) {
  const result = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    external,
    plugins: [fromDist],
    write: false,
    logLevel: 'error',
  })
  return gzipSync(result.outputFiles[0].contents, { level: 9 }).length
}

const { sizes } = JSON.parse(readFileSync('package.json', 'utf8'))
const rows = await Promise.all(sizes.map(async (entry) => ({ ...entry, size: await measure(entry) })))
const width = Math.max(4, ...rows.map(({ name }) => name.length))
console.log(`${'name'.padEnd(width)}    bytes    limit   (minified, gzip -9)`)
for (const { name, size, limit, aim } of rows) {
  const note = size > limit ? `   ${size - limit} B over its limit` : size > aim ? `   aim: ${aim}, ${size - aim} B to go` : ''
  console.log(`${name.padEnd(width)} ${String(size).padStart(8)} ${String(limit).padStart(8)}${note}`)
}
const over = rows.filter(({ size, limit }) => !(size <= limit))
if (over.length > 0) console.error('\nA budget is in package.json, "sizes". To raise one, say in the changeset by how much and for whom.')

const write = process.argv.includes('--write-readme')
const quote = /<!-- size: (.+?) -->(.*?)<!-- \/size -->/g
const wrong = []
for (const file of globSync(['README.md', 'packages/*/README.md', 'docs/*.md']).sort()) {
  const text = readFileSync(file, 'utf8')
  const now = text.replaceAll(quote, (old, name, figure) => {
    const size = rows.find((row) => row.name === name)?.size
    const quoted = Number(figure.replaceAll(/\D/g, ''))
    if (size === undefined) wrong.push(`${file} quotes a size of "${name}", which is not in package.json, "sizes"`)
    else if (write) return `<!-- size: ${name} -->${size.toLocaleString('en')} B<!-- /size -->`
    else if (Math.abs(quoted - size) > size / 20) {
      wrong.push(`${file} says ${quoted} B for "${name}", which has ${size} B: npm run size -- --write-readme`)
    }
    return old
  })
  if (now !== text) writeFileSync(file, now)
}
if (wrong.length > 0) console.error(`\n${wrong.join('\n')}`)

const failed = over.length + wrong.length
report({ passed: rows.length - over.length, failed })
process.exitCode = failed > 0 ? 1 : 0
