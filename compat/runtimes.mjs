// Runs suite/checks.js in every runtime.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { chromium } from 'playwright-core'
import { ensure } from '../scripts/system.mjs'
import { home, tsc, work } from './install.mjs'
import { must, run } from './shell.mjs'
import { table } from './table.mjs'

/** Compiles what no runtime can run as it is written. */
async function compile() {
  const target = join(work, 'suite')
  mkdirSync(target)
  const flags = ['--target', 'es2022', '--module', 'nodenext', '--strict', '--lib', 'es2023,dom,esnext.disposable', '--types', 'node', '--ignoreConfig', '--outDir', target]
  const compiler = [tsc('typescript-7'), ...flags]
  copyFileSync(join(home, 'suite/decorated.ts'), join(work, 'legacy.ts'))
  await Promise.all([
    must(process.execPath, [...compiler, 'suite/decorated.ts', 'suite/using.ts'], { cwd: home }),
    must(process.execPath, [...compiler, '--experimentalDecorators', '.work/legacy.ts'], { cwd: home }),
  ])
}

const program = (command, ...args) => async () => {
  const { ok, stdout, output } = await run(command, [...args, 'suite/node.mjs'], { cwd: home, env: { ...process.env, NO_COLOR: '1' } })
  if (!ok) throw new Error(output)
  return JSON.parse(stdout.trim().split('\n').at(-1))
}
const node = (major) => program(join(home, `node_modules/node${major}/bin/node`))

const bundle = async (entry) => {
  const { outputFiles } = await build({ entryPoints: [join(home, 'suite', entry)], bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'silent' })
  return outputFiles[0].text
}

async function workerd() {
  const { version } = JSON.parse(readFileSync(join(home, 'node_modules/workerd/package.json'), 'utf8'))
  const miniflare = new Miniflare({ modules: true, script: await bundle('worker.js'), compatibilityDate: '2026-07-01', host: '127.0.0.1' })
  try {
    const response = await miniflare.dispatchFetch('http://localhost/')
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return { version, ...JSON.parse(text) }
  } finally {
    await miniflare.dispose()
  }
}

const types = { '.html': 'text/html', '.js': 'text/javascript', '.map': 'application/json' }

/** Opens a page of this folder in a headless Chromium. */
async function inChromium(work) {
  const { path, why } = ensure('chromium')
  if (!path) return { missing: why }
  const worker = await bundle('web-worker.js')
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const file = join(home, pathname)
    const found = pathname === '/worker.js' ? worker : existsSync(file) && types[extname(file)] ? readFileSync(file) : undefined
    // With these two headers a worker may have a SharedArrayBuffer, and so block.
    const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': types[extname(pathname)] ?? 'text/plain', ...isolated })
    response.end(found)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    const errors = []
    page.on('pageerror', (error) => errors.push(error))
    await page.goto(`http://127.0.0.1:${server.address().port}/suite/page.html`)
    const results = await work(page)
    if (errors.length > 0) throw errors[0]
    return { version: browser.version(), results }
  } finally {
    await browser.close()
    server.close()
  }
}

const page = () =>
  inChromium(async (page) => {
    await page.waitForFunction(() => 'finished' in globalThis, undefined, { timeout: 10_000 })
    return page.evaluate(() => globalThis.finished)
  })

const webWorker = () =>
  inChromium((page) =>
    page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker('/worker.js', { type: 'module' })
          worker.onmessage = ({ data }) => resolve(data)
          worker.onerror = ({ message }) => reject(new Error(message))
        }),
    ),
  )

const runtimes = {
  'Node 20': node(20),
  'Node 22': node(22),
  'Node 24': node(24),
  'Node 26': node(26),
  Bun: program(join(home, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun'), 'run'),
  Deno: program(join(home, 'node_modules/@deno/linux-x64-glibc/deno'), 'run', '--allow-all', '--node-modules-dir=manual', '--no-config', '--cached-only'),
  workerd,
  Chromium: page,
  'its worker': webWorker,
}

/** @returns {Promise<{ text: string, passed: number, failed: number, skipped: number }>} */
export async function checkRuntimes() {
  await compile()
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const columns = []
  // One after another: two of them at once would make each other late.
  for (const [name, start] of Object.entries(runtimes)) {
    try {
      const { version, results, missing } = await start()
      columns.push({ name, version, results })
      if (missing) {
        counts.skipped += 1
        console.log(`${name}: SKIPPED, ${missing}`)
        continue
      }
      for (const { group, name: check, error, skipped } of results) {
        counts[skipped ? 'skipped' : error ? 'failed' : 'passed'] += 1
        if (error) console.error(`${name} ${version}, ${group}: ${check}\n${error.replace(/^/gm, '  ')}`)
      }
    } catch (error) {
      counts.failed += 1
      columns.push({ name, version: 'failed' })
      console.error(`${name}:\n${String(error?.stack ?? error).replace(/^/gm, '  ')}`)
    }
  }
  const groups = [...new Set(columns.flatMap(({ results }) => (results ?? []).map(({ group }) => group)))]
  const cell = (results, group) => {
    const mine = (results ?? []).filter((one) => one.group === group)
    const failed = mine.filter(({ error }) => error).length
    const ran = mine.filter(({ skipped }) => !skipped).length
    if (ran === 0) return '–'
    return failed ? `${failed} of ${ran} fail` : `${ran}`
  }
  const rows = [
    ['checks passed', ...columns.map(({ name }) => name)],
    ['version', ...columns.map(({ version }) => version ?? 'not here')],
    ...groups.map((group) => [group, ...columns.map(({ results }) => cell(results, group))]),
  ]
  return { text: table(rows), ...counts }
}
