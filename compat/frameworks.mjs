// Type-checks, compiles and runs the recipes with other libraries, and holds docs/recipes.md to them.
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { home, tsc, work } from './install.mjs'
import { run } from './shell.mjs'
import { table } from './table.mjs'

const document = join(home, '../docs/recipes.md')

/** The parts of a program that are recipes. */
const recipesOf = (text) => [...text.matchAll(/^\/\/ recipe: .*\n([^]*?)^\/\/ end$/gm)].map(([, code]) => code.trim())

async function check(file) {
  const name = basename(file)
  const text = readFileSync(file, 'utf8')
  const legacy = name.includes('.legacy.')
  const config = join(work, 'frameworks', `${name}.json`)
  writeFileSync(
    config,
    JSON.stringify({
      compilerOptions: {
        target: 'es2022', lib: ['es2023', 'dom', 'dom.iterable'], types: ['node'], module: 'nodenext', allowJs: true, strict: true, skipLibCheck: true,
        rootDir: home, outDir: work, ...(legacy && { experimentalDecorators: true, emitDecoratorMetadata: true }),
      },
      files: [file],
    }),
  )
  const compiled = await run(process.execPath, [tsc('typescript-6'), '-p', config, '--pretty', 'false'], { cwd: home })
  if (!compiled.ok) return compiled.output
  const { ok, stdout, output } = await run(process.execPath, [join(work, 'frameworks', name.replace(/\.ts$/, '.js'))], { cwd: home })
  const prints = /^\/\/ prints: (.*)$/m.exec(text)[1]
  if (!ok || stdout.trim() !== prints) return `prints\n${output}\nand not\n${prints}`
  const described = existsSync(document) ? readFileSync(document, 'utf8') : ''
  const missing = recipesOf(text).filter((code) => !described.includes(code))
  if (missing.length > 0) return `docs/recipes.md has not this recipe of it:\n${missing[0]}`
}

/** @returns {Promise<{ text: string, passed: number, failed: number, skipped: number }>} */
export async function checkFrameworks() {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  mkdirSync(join(work, 'frameworks'))
  const versions = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).dependencies
  const rows = [['runs with', 'version']]
  for (const file of globSync(join(home, 'frameworks/*.ts')).sort()) {
    const problem = await check(file)
    counts[problem === undefined ? 'passed' : 'failed'] += 1
    if (problem !== undefined) console.error(`${basename(file)}:\n${problem.replace(/^/gm, '  ')}`)
    const library = [...readFileSync(file, 'utf8').matchAll(/from '(?!@backon|\.)(.+)'/g)].at(-1)[1]
    rows.push([library, problem === undefined ? versions[library] : 'fails'])
  }
  return { text: table(rows), ...counts }
}
