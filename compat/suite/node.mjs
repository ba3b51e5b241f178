// For Node, Bun and Deno.
import { createRequire } from 'node:module'
import { globals, run } from './run.js'

const before = globals()
const packages = await import('./packages.js')
const left = [...globals()].filter((name) => !before.has(name))
// For servers and tests, so not in the suite's other homes.
const names = ['@backon/testing', '@backon/testing/matchers', '@backon/metrics-prometheus', '@backon/metrics-otel', '@backon/breaker-redis']
const load = createRequire(import.meta.url)
const others = Object.fromEntries(await Promise.all(names.map(async (name) => [name, [await import(name), load(name)]])))
const { default: required } = await import('./required.cjs')
const { decorated } = await import('../.work/suite/decorated.js')
const { decorated: legacy } = await import('../.work/suite/legacy.js')
const using = await import('../.work/suite/using.js')

// Node and Deno are started with --expose-gc.
const collect = globalThis.Bun ? () => globalThis.Bun.gc(true) : globalThis.gc
const server = process.env.BACKON_SERVER
const results = await run({ ...packages, required, others, decorated, legacy, using, server, collect, sendsStreams: true, hasProcess: true, blocks: true, leftBehind: left })
const { Bun, Deno } = globalThis
console.log(JSON.stringify({ version: Bun ? Bun.version : Deno ? Deno.version.deno : process.versions.node, results }))
// Nothing is left running: whoever needs process.exit() here would hang in the table as a failure.
