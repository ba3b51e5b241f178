// Builds the same programs with four bundlers, runs them, and looks at what came along.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import * as esbuild from 'esbuild'
import { rollup } from 'rollup'
import { build as vite } from 'vite'
import webpack from 'webpack'
import { home, work } from './install.mjs'
import { run } from './shell.mjs'
import { table } from './table.mjs'

/** What survives every minifier, and is in no other part. That `everything` has each of them shows that they are still right. */
const traces = {
  'the retry loop': 'beforeSleep',
  'the sync loop': 'blocking is not allowed',
  'the policy object': 'attemptNumber',
  decorators: 'retryWith',
  iterators: 'attempt.run was called twice',
  log: 'gave up after',
  retryAfter: 'fallback',
  diagnostics: 'call:giveup',
  breaker: 'CircuitOpenError',
  hedge: 'maxHedge',
  budget: 'onBudgetReject',
  limit: 'is reached',
  throttle: 'onThrottleReject',
  nested: 'nested() needs',
  fetch: 'no answer within',
  resume: 'cannot be gone on with',
}
const parts = Object.keys(traces)

const programs = {
  'retry only': {
    code: `import { retry } from '@backon/core'
let n = 0
retry(() => { if (++n < 3) throw n; return n }, { wait: 0 }).then(console.log)`,
    prints: '3',
    has: ['the retry loop'],
  },
  'one strategy only': {
    code: `import { expo } from '@backon/core'
console.log(expo()({ tries: 3 }))`,
    prints: '4000',
    has: [],
  },
  'breaker only': {
    code: `import { CircuitBreaker } from '@backon/breaker'
new CircuitBreaker().call(() => 3).then(console.log)`,
    prints: '3',
    has: ['breaker'],
  },
  'hedge only': {
    code: `import { hedge } from '@backon/hedge'
hedge(() => 3, { wait: 10 }).then(console.log)`,
    prints: '3',
    // hedge() is one attempt of the engine.
    has: ['the retry loop', 'hedge'],
  },
  'retry + breaker': {
    code: `import { retry } from '@backon/core'
import { CircuitBreaker } from '@backon/breaker'
let n = 0
retry(() => { if (++n < 3) throw n; return n }, { wait: 0, use: [new CircuitBreaker()] }).then(console.log)`,
    prints: '3',
    has: ['the retry loop', 'breaker'],
  },
  'limit only': {
    code: `import { limit } from '@backon/limit'
limit({ concurrency: 1 }).call(() => 3).then(console.log)`,
    prints: '3',
    has: ['limit'],
  },
  'retry + budget': {
    code: `import { retry } from '@backon/core'
import { RetryBudget } from '@backon/limit'
let n = 0
retry(() => { if (++n < 3) throw n; return n }, { wait: 0, use: [new RetryBudget()] }).then(console.log)`,
    prints: '3',
    has: ['the retry loop', 'budget'],
  },
  'fetch only': {
    code: `import { createFetch } from '@backon/fetch'
let n = 0
const http = createFetch({ wait: 0, fetch: async () => new Response(String(++n), { status: n < 3 ? 503 : 200 }) })
http('http://users.example').then((response) => response.text()).then(console.log)`,
    prints: '3',
    has: ['the retry loop', 'fetch'],
  },
  'fetch + resume + breaker': {
    code: `import { CircuitBreakers } from '@backon/breaker'
import { createFetch, isHttpFailure } from '@backon/fetch'
import { resumable } from '@backon/fetch/resume'
const breakers = new CircuitBreakers({ isFailure: isHttpFailure })
const http = resumable(createFetch({ fetch: async () => new Response('3'), use: ({ origin }) => [breakers.get(origin)] }))
http('http://users.example').then((response) => response.text()).then(console.log)`,
    prints: '3',
    has: ['the retry loop', 'fetch', 'resume', 'breaker'],
  },
  everything: {
    code: `import * as core from '@backon/core'
import * as diagnostics from '@backon/core/diagnostics'
import * as breaker from '@backon/breaker'
import * as fetching from '@backon/fetch'
import * as resume from '@backon/fetch/resume'
import * as hedge from '@backon/hedge'
import * as limits from '@backon/limit'
import * as nesting from '@backon/limit/nested'
globalThis.used = [core, diagnostics, breaker, fetching, resume, hedge, limits, nesting]
core.retry(() => used.length, { use: [new breaker.CircuitBreaker(), hedge.hedging({ wait: 10 })] }).then(console.log)`,
    prints: '8',
    has: parts,
  },
}

/** Each takes an entry and gives the code of one file. A warning is an error: people would see it at every build. */
const bundlers = {
  'vite (rolldown)': async (entry) => {
    const warnings = []
    const customLogger = { info() {}, warn: (text) => warnings.push(text), warnOnce: (text) => warnings.push(text), error: (text) => warnings.push(text), clearScreen() {}, hasErrorLogged: () => false, hasWarned: false }
    const { output } = await vite({
      root: home,
      configFile: false,
      logLevel: 'silent',
      customLogger,
      build: { write: false, target: 'es2022', modulePreload: false, rolldownOptions: { input: entry } },
    })
    if (warnings.length > 0) throw new Error(warnings.join('\n'))
    return output[0].code
  },
  rollup: async (entry) => {
    const warnings = []
    const bundle = await rollup({ input: entry, plugins: [nodeResolve(), terser({ module: true, ecma: 2020 })], onwarn: ({ message }) => warnings.push(message) })
    const { output } = await bundle.generate({ format: 'es' })
    if (warnings.length > 0) throw new Error(warnings.join('\n'))
    return output[0].code
  },
  webpack: async (entry, name) => {
    const path = join(work, 'webpack')
    const stats = await new Promise((resolve, reject) =>
      webpack(
        { mode: 'production', context: home, entry, target: ['web', 'es2022'], output: { path, filename: `${name}.mjs`, module: true, chunkFormat: 'module' }, experiments: { outputModule: true } },
        (error, stats) => (error ? reject(error) : resolve(stats)),
      ),
    )
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'))
    return readFileSync(join(path, `${name}.mjs`), 'utf8')
  },
  esbuild: async (entry) => {
    const { outputFiles, warnings } = await esbuild.build({ entryPoints: [entry], bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, logLevel: 'silent' })
    if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('\n'))
    return outputFiles[0].text
  },
}

/** What is wrong with a bundle. */
async function problems({ prints, has }, file, code) {
  const { ok, stdout, output } = await run(process.execPath, [file])
  return [
    ...(ok && stdout.trim() === prints ? [] : [`prints ${output}`]),
    ...parts.filter((part) => code.includes(traces[part]) !== has.includes(part)).map((part) => `${part} (“${traces[part]}”) is ${has.includes(part) ? 'not in it' : 'in it'}`),
  ]
}

/** @returns {Promise<{ text: string, passed: number, failed: number, skipped: number }>} */
export async function checkBundlers() {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const rows = [['bytes, minified and gzipped', ...Object.keys(bundlers)]]
  const folder = join(work, 'bundles')
  mkdirSync(folder)
  for (const [title, program] of Object.entries(programs)) {
    const name = title.replaceAll(/\W+/g, '-')
    const entry = join(folder, `${name}.js`)
    writeFileSync(entry, program.code)
    const row = [title]
    for (const [bundler, build] of Object.entries(bundlers)) {
      try {
        const code = await build(entry, name)
        const file = join(folder, `${name}.${bundler.split(' ')[0]}.mjs`)
        writeFileSync(file, code)
        const found = await problems(program, file, code)
        if (found.length > 0) throw new Error(found.join('\n'))
        row.push(gzipSync(code, { level: 9 }).length)
        counts.passed += 1
      } catch (error) {
        row.push('fails')
        counts.failed += 1
        console.error(`${bundler}, ${title}:\n${String(error?.message ?? error).replace(/^/gm, '  ')}`)
      }
    }
    rows.push(row)
  }
  return { text: table(rows), ...counts }
}
