// For Node, Bun and Deno.
import { globals, run } from './run.js'

const before = globals()
const [core, breaker, hedge, twin] = await Promise.all([import('@backon/core'), import('@backon/breaker'), import('@backon/hedge'), import('core-twin')])
const left = [...globals()].filter((name) => !before.has(name))
const { default: required } = await import('./required.cjs')
const { decorated } = await import('../.work/suite/decorated.js')
const { decorated: legacy } = await import('../.work/suite/legacy.js')
const using = await import('../.work/suite/using.js')

const results = await run({ core, breaker, hedge, twin, required, decorated, legacy, using, blocks: true, leftBehind: left })
const { Bun, Deno } = globalThis
console.log(JSON.stringify({ version: Bun ? Bun.version : Deno ? Deno.version.deno : process.versions.node, results }))
// Nothing is left running: whoever needs process.exit() here would hang in the table as a failure.
