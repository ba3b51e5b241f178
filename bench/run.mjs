import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { installPeers, peerVersions } from './install.mjs'
import { replacePackages, replacementArguments, replacements } from './packages.mjs'

const { values: flags } = parseArgs({
  options: {
    ...replacements,
    quick: { type: 'boolean', default: false }, // shorter, and leaves results.md alone
  },
})
const inThisFolder = (name) => fileURLToPath(new URL(name, import.meta.url))

installPeers()
replacePackages(flags)
const packages = replacementArguments()
const tables = [
  await output('overhead.mjs', ...packages, ...(flags.quick ? ['--quick'] : [])),
  await output('memory.mjs', ...packages),
  await output('sizes.mjs', ...packages),
].join('')
const summary = summarize(tables)
console.log(summary)
if (!flags.quick) writeFileSync(inThisFolder('results.md'), `${head()}\n${forReaders(tables).trimEnd()}\n`)
if (/\| error: /.test(tables)) process.exitCode = 1

/** Runs one of the measurements; shows what it prints as it comes, and gives it back. */
async function output(script, ...args) {
  const child = spawn(process.execPath, ['--expose-gc', inThisFolder(script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = new Promise((resolve) => child.on('close', resolve))
  let text = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    process.stdout.write(chunk)
    text += chunk
  }
  const code = await closed
  if (code !== 0) throw new Error(`${script} ended with code ${code}`)
  return text
}

function summarize(text) {
  const targets = text.split('\n').filter((line) => line.includes('| ') && /≤ [\d,.]/.test(line))
  const count = (pattern) => targets.filter((line) => pattern.test(line)).length
  const parts = [
    `${count(/\| +met\b/)} met`,
    `${count(/\| +missed by/)} missed`,
    `${count(/\| +not built yet/)} not built yet`,
  ]
  return `Targets: ${parts.join(', ')}.`
}

/** Leaves out what is aimed at: that is for who works on it (package.json, this console), not for who reads. */
function forReaders(text) {
  let aims = -1
  return text
    .split('\n')
    .map((line) => {
      if (!line.startsWith('|')) {
        aims = -1
        return line
      }
      const cells = line.split('|')
      if (aims < 0) aims = cells.findIndex((cell) => cell.trim() === 'target')
      return aims < 0 ? line : cells.toSpliced(aims, 2).join('|')
    })
    .join('\n')
}

function head() {
  const peers = Object.entries(peerVersions()).map(([name, version]) => `${name} ${version}`)
  return `# Benchmark results

Written by \`npm run bench\`. Node ${process.version}, ${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown cpu'}, ${cpus().length} cores.
The machine is shared with other work: quote the ratios, not the nanoseconds.

- **Speed**: a ratio is the time of a call over the time of the hand-written loop
  \`for (;;) { try { return await fn() } catch {} }\`. In each round every contender has one sample, beside one
  of the loop, in random order; the table has the median over the rounds and the middle half of the ratios.
- **Memory**: heap of 100,000 calls that failed once and sleep, each contender in a process of its own.
- **Size**: esbuild, bundled and minified for \`esnext\`, then gzip level 9.

Measured beside ${peers.join(', ')}.
`
}
