// Runs suite/checks.js in every runtime.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { chromium } from 'playwright-core'
import { ensure } from '../scripts/system.mjs'
import { home, tsc, work } from './install.mjs'
import { startServer } from './server.mjs'
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
  const server = await startServer()
  const env = { ...process.env, NO_COLOR: '1', BACKON_SERVER: server.url }
  const { ok, stdout, output } = await run(command, [...args, 'suite/node.mjs'], { cwd: home, env })
  server.close()
  if (!ok) throw new Error(output)
  return JSON.parse(stdout.trim().split('\n').at(-1))
}
const node = (major) => program(join(home, `node_modules/node${major}/bin/node`), '--expose-gc')

const bundle = async (entry) => {
  const { outputFiles } = await build({ entryPoints: [join(home, 'suite', entry)], bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'silent' })
  return outputFiles[0].text
}

/** In a worker timers end with the request that has set them, and so does what it holds. Whoever comes next must get its turn all the same. */
async function afterTheResponse(ask) {
  const checks = { rate: 'who waits for a rate is not kept by a request that was answered', slot: 'maxHold takes a slot back from a request that was answered' }
  const results = []
  for (const [route, name] of Object.entries(checks)) {
    await ask(`/${route}/leave`)
    const late = new Promise((resolve) => setTimeout(resolve, 5_000, 'no answer within 5 s'))
    const found = await Promise.race([ask(`/${route}/next`), late]).catch(String)
    results.push({ group: 'limit after the response', name, ...(found !== 'its turn' && { error: `found ${found}` }) })
  }
  return results
}

const workerd = (hasProcess) => async () => {
  const { version } = JSON.parse(readFileSync(join(home, 'node_modules/workerd/package.json'), 'utf8'))
  const server = await startServer()
  const miniflare = new Miniflare({
    modules: true, script: await bundle('worker.js'), compatibilityDate: '2026-07-01', host: '127.0.0.1', bindings: { SERVER: server.url, COMPAT: hasProcess },
    ...(hasProcess && { compatibilityFlags: ['nodejs_compat'] }),
  })
  const ask = async (path) => {
    const response = await miniflare.dispatchFetch(`http://localhost${path}`)
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text
  }
  try {
    const { results } = JSON.parse(await ask('/'))
    return { version, results: [...results, ...(await afterTheResponse(ask))] }
  } finally {
    await miniflare.dispose()
    server.close()
  }
}

const types = { '.html': 'text/html', '.js': 'text/javascript', '.map': 'application/json' }

/** Opens a page of this folder in a headless Chromium. */
async function inChromium(work) {
  const { path, why } = ensure('chromium')
  if (!path) return { missing: why }
  const worker = await bundle('web-worker.js')
  const server = await startServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const file = join(home, pathname)
    const found = pathname === '/worker.js' ? worker : existsSync(file) && types[extname(file)] ? readFileSync(file) : undefined
    // With these two headers a worker may have a SharedArrayBuffer, and so block.
    const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': types[extname(pathname)] ?? 'text/plain', ...isolated })
    response.end(found)
  })
  const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    const errors = []
    page.on('pageerror', (error) => errors.push(error))
    await page.goto(`${server.url}/suite/page.html`)
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
    await page.waitForFunction(() => 'finished' in globalThis, undefined, { timeout: 30_000 })
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
  Deno: program(join(home, 'node_modules/@deno/linux-x64-glibc/deno'), 'run', '--allow-all', '--v8-flags=--expose-gc', '--node-modules-dir=manual', '--no-config', '--cached-only'),
  workerd: workerd(false),
  'with nodejs_compat': workerd(true),
  Chromium: page,
  'its worker': webWorker,
}

/** @returns {Promise<{ text: string, more: { errors: string }, passed: number, failed: number, skipped: number }>} */
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
  return { text: table(rows), more: { errors: notes(columns) }, ...counts }
}

/** What the checks have written down of each runtime: where several say the same they stand together. */
function notes(columns) {
  const rows = [['', 'where', 'seen']]
  for (const { group, name } of columns.flatMap(({ results }) => results ?? []).filter(({ note }, at, all) => note && all.findIndex((one) => one.name === all[at].name && one.note) === at)) {
    const by = new Map()
    for (const column of columns) {
      const { note } = (column.results ?? []).find((one) => one.group === group && one.name === name) ?? {}
      if (note) by.set(note, [...(by.get(note) ?? []), column.name])
    }
    for (const [note, where] of by) rows.push([`${group}: ${name}`, where.join(', '), note.replaceAll('|', '\\|')])
  }
  return [rows[0], rows[0].map(() => '---'), ...rows.slice(1)].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
