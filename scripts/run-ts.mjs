// Runs a TypeScript program of this repository: `node scripts/run-ts.mjs examples/demo/main.ts [arguments]`.
import { spawnSync } from 'node:child_process'
import { bundle } from './bundle.mjs'

const [file, ...rest] = process.argv.slice(2)
const outfile = `node_modules/.cache/run-ts/${file.replaceAll(/[\\/]/g, '+')}.mjs`
await bundle(file, outfile)
const { status } = spawnSync('node', ['--enable-source-maps', outfile, ...rest], { stdio: 'inherit' })
process.exitCode = status ?? 1
