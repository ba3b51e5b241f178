// Starts a plugin package from packages/_template: `npm run new-package rate-limit` makes packages/rate-limit.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const name = process.argv[2] ?? ''
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
  console.error(`usage: npm run new-package NAME   (NAME in lower case with dashes, such as rate-limit; got "${name}")`)
  process.exit(2)
}
const path = `packages/${name}`
if (existsSync(path)) {
  console.error(`${path} exists already`)
  process.exit(2)
}

const camel = name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase())
const pascal = camel[0].toUpperCase() + camel.slice(1)
const rename = (text) => text.replaceAll('my-plugin', name).replaceAll('myPlugin', camel).replaceAll('MyPlugin', pascal)

cpSync('packages/_template', path, { recursive: true, filter: (file) => !/[\\/](node_modules|dist|\.turbo)([\\/]|$)/.test(file) })
for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue
  const from = join(entry.parentPath, entry.name)
  const to = join(entry.parentPath, rename(entry.name))
  writeFileSync(from, rename(readFileSync(from, 'utf8')))
  renameSync(from, to)
}

edit(`${path}/package.json`, (manifest) => {
  delete manifest.private
})
edit('package.json', (manifest) => {
  // The root depends on every package, so that documents and cross-package tests can import it by name.
  manifest.devDependencies[`@backon/${name}`] = 'workspace:*'
  manifest.devDependencies = Object.fromEntries(Object.entries(manifest.devDependencies).sort(([a], [b]) => (a < b ? -1 : 1)))
  manifest.sizes.push({ name: `@backon/${name}`, import: `import { ${camel} } from '@backon/${name}'`, beside: "import { retry } from '@backon/core'", limit: 400 })
})

function edit(file, change) {
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  change(manifest)
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
}

const { status } = spawnSync('pnpm', ['install', '--no-frozen-lockfile', '--reporter=append-only', '--loglevel=warn'], {
  stdio: ['ignore', 'inherit', 'inherit'],
  shell: process.platform === 'win32',
})
if (status !== 0) process.exit(status ?? 1)
console.log(`${path} is a working plugin. Next: make src/${name}.ts yours, then \`npm test\`, then \`npx changeset\`.`)
