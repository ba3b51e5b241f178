// Runs a TypeScript program of this repository: `node scripts/run-ts.mjs examples/demo/main.ts [arguments]`.
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { bundle } from './bundle.mjs'
import { runThenEnd } from './run-then-end.mjs'

const [file, ...rest] = process.argv.slice(2)
// Its own dependencies are found from the node_modules beside its package.json, also where those are still to be installed.
let home = dirname(file)
while (home !== '.' && !existsSync(`${home}/package.json`)) home = dirname(home)
const outfile = `${home}/node_modules/.cache/run-ts/${file.replaceAll(/[\\/]/g, '+')}.mjs`
await bundle(file, outfile)
process.exitCode = await runThenEnd('node', ['--enable-source-maps', outfile, ...rest], { stdio: 'inherit' })
