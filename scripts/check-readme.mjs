// Compiles every ```ts block of the documents as a module of its own, and runs those marked ```ts run. When a ```text
// block follows such a block directly, the program must print exactly that. (Code of other libraries: mark it ```js.)
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { bundle } from './bundle.mjs'
import { report } from './counts.mjs'

const scratch = '.readme'
// `--only=path` narrows the check to one document while writing it.
const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice(7)

/** Cuts the fenced blocks out of a document, each with the 0-based line its code begins at. */
function fences(lines) {
  const found = []
  let open
  for (const [index, line] of lines.entries()) {
    const fence = /^(\s*)(`{3,}|~{3,})\s*(.*?)\s*$/.exec(line)
    if (open) {
      if (fence && fence[3] === '' && fence[2].startsWith(open.mark)) {
        found.push({ ...open, end: index, code: lines.slice(open.start, index).map((one) => one.slice(open.indent)) })
        open = undefined
      }
    } else if (fence) open = { indent: fence[1].length, mark: fence[2], info: fence[3].split(/\s+/), start: index + 1 }
  }
  return found
}

function blocksOf(document) {
  const lines = readFileSync(document, 'utf8').split(/\r?\n/)
  const all = fences(lines)
  return all
    .map((block, index) => {
      const next = all[index + 1]
      const follows = next?.info[0] === 'text' && lines.slice(block.end + 1, next.start - 1).every((line) => line.trim() === '')
      return { ...block, document, expected: follows ? next.code.join('\n') : undefined }
    })
    .filter(({ info }) => info[0] === 'ts' || info[0] === 'typescript')
    .map((block) => ({ ...block, runs: block.info.includes('run'), where: `${document}:${block.start + 1}`, file: `${scratch}/${document.replaceAll(/[\\/]/g, '+')}+${block.start + 1}.ts` }))
}

/** Compiles all blocks in one go; gives the compiler's complaints with the place in the document they are about. */
function typeErrors(blocks) {
  for (const { file, code, start } of blocks) {
    // The empty lines above make the compiler's line numbers those of the document.
    writeFileSync(file, `${'\n'.repeat(start)}${code.join('\n')}\nexport {}\n`)
  }
  // The template is no member of the workspace, so its name is found by a path (by esbuild too, which reads this file).
  const paths = { '@backon/my-plugin': ['../packages/_template/src/index.ts'] }
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, paths }
  writeFileSync(`${scratch}/tsconfig.json`, JSON.stringify({ extends: '../tsconfig.base.json', compilerOptions, include: ['*.ts'] }))
  const { stdout, stderr, status, error } = spawnSync('tsc', ['-p', scratch, '--pretty', 'false'], { encoding: 'utf8', shell: process.platform === 'win32' })
  if (error) throw error
  const byFile = new Map()
  let current
  for (const line of `${stdout}${stderr}`.split('\n').filter(Boolean)) {
    const head = /^(.+?\.ts)\((\d+),(\d+)\): (.*)$/.exec(line)
    if (head) current = blocks.find(({ file }) => file === head[1])
    const key = current?.file ?? ''
    const text = head && current ? `${current.document}:${head[2]}:${head[3]} ${head[4]}` : line
    byFile.set(key, [...(byFile.get(key) ?? []), text])
  }
  if (status !== 0 && byFile.size === 0) byFile.set('', [`tsc ended with ${status}`])
  return byFile
}

/** Bundles a block from the sources and runs it: what a reader gets who copies it into a file. */
async function runBlock({ file, expected }) {
  const outfile = file.replace(/\.ts$/, '.mjs')
  try {
    await bundle(file, outfile)
  } catch (error) {
    return String(error)
  }
  const { status, signal, stdout, stderr } = spawnSync('node', [outfile], { encoding: 'utf8', timeout: 30_000, env: { ...process.env, NO_COLOR: '1' } })
  if (status !== 0) return `ended with ${signal ?? status}\n${stdout}${stderr}`
  if (expected !== undefined && tidy(stdout) !== tidy(expected)) return `printed\n${tidy(stdout)}\nbut the document says\n${tidy(expected)}`
}

const tidy = (text) => text.replaceAll(/[ \t]+$/gm, '').trim()

const documents = globSync(['README.md', 'packages/*/README.md', 'docs/*.md', 'website/*.md']).sort().filter((file) => !only || file === only)
const blocks = documents.flatMap(blocksOf)
rmSync(scratch, { recursive: true, force: true })
mkdirSync(scratch)
const errors = blocks.length > 0 ? typeErrors(blocks) : new Map()

const runs = await Promise.all(blocks.map(async (block) => (block.runs && !errors.has(block.file) ? runBlock(block) : undefined)))

let failed = 0
for (const [index, { file, where }] of blocks.entries()) {
  const complaint = errors.get(file)?.join('\n') ?? runs[index]
  if (complaint === undefined) continue
  failed += 1
  console.error(`the block at ${where} fails:\n${complaint.replace(/^/gm, '  ')}\n`)
}
// A complaint about no block is about the sources that a block imports.
if (errors.has('')) {
  failed += 1
  console.error(errors.get('').join('\n'))
}
if (failed === 0) rmSync(scratch, { recursive: true, force: true })
console.log(`${blocks.length} blocks compiled in ${documents.length} documents, ${blocks.filter(({ runs }) => runs).length} of them run`)
const total = blocks.length + (errors.has('') ? 1 : 0)
report({ passed: total - failed, failed })
process.exitCode = failed > 0 ? 1 : 0
