// Compiles programs of users against the packed declarations, with four compilers.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { home, tsc, work } from './install.mjs'
import { run } from './shell.mjs'
import { table } from './table.mjs'

const compilers = ['typescript-5.6', 'typescript-5.9', 'typescript-6', 'typescript-7']
const resolutions = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' }

/** What users have in their configuration, and which programs they write. */
const projects = {
  'a page: lib es2022 and dom': { files: ['program.ts', 'answers.ts', 'decorators.ts'], lib: ['es2022', 'dom'], types: [] },
  'a server: lib es2022, @types/node': { files: ['program.ts', 'answers.ts', 'decorators.ts'], lib: ['es2022'], types: ['node'] },
  'fetch and limits in a page': { files: ['http.ts'], lib: ['es2022', 'dom', 'dom.iterable'], types: [] },
  'fetch and limits in a server': { files: ['http.ts'], lib: ['es2022'], types: ['node'] },
  'tests and metrics': { files: ['others.ts'], lib: ['es2022'], types: ['node'], only: (compiler, resolution) => resolution === 'nodenext' },
  'plain JavaScript: checkJs': { files: ['checked.js'], lib: ['es2022', 'dom'], types: [], options: { allowJs: true, checkJs: true } },
  using: { files: ['using.ts'], lib: ['es2022', 'dom', 'esnext.disposable'], types: [], only: (compiler, resolution) => resolution === 'bundler' },
  'legacy decorators': { files: ['decorators.ts'], lib: ['es2022', 'dom'], types: [], options: { experimentalDecorators: true, emitDecoratorMetadata: true }, only: (compiler, resolution) => resolution === 'bundler' },
  // TypeScript knows since 5.8 that an ES module can be required, and for `nodenext` only.
  CommonJS: { files: ['required.cts'], lib: ['es2022', 'dom'], types: [], only: (compiler, resolution) => resolution === 'nodenext' && compiler !== 'typescript-5.6' },
}

/** @returns {Promise<{ text: string, passed: number, failed: number, skipped: number }>} */
export async function checkTypes() {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const folder = join(work, 'types')
  mkdirSync(folder)
  const jobs = []
  for (const compiler of compilers) {
    for (const [resolution, module] of Object.entries(resolutions)) {
      for (const [project, { files, lib, types, options, only }] of Object.entries(projects)) {
        if (only?.(compiler, resolution) === false) continue
        const config = join(folder, `${jobs.length}.json`)
        writeFileSync(
          config,
          JSON.stringify({
            compilerOptions: {
              target: 'es2022', lib, types, module, moduleResolution: resolution, rootDir: home,
              strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noImplicitOverride: true,
              noPropertyAccessFromIndexSignature: true, isolatedModules: true, verbatimModuleSyntax: !files[0].endsWith('.cts'),
              skipLibCheck: false, noEmit: true, ...options,
            },
            files: files.map((file) => join(home, 'types', file)),
          }),
        )
        jobs.push({ compiler, resolution, project, config })
      }
    }
  }
  const results = []
  // Two at a time, as a small machine has two cores.
  const worker = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const { ok, output } = await run(process.execPath, [tsc(job.compiler), '-p', job.config, '--pretty', 'false'], { cwd: home })
      results.push({ ...job, ok })
      counts[ok ? 'passed' : 'failed'] += 1
      if (!ok) console.error(`${job.compiler}, ${job.resolution}, ${job.project}:\n${output.split('\n').slice(0, 12).join('\n').replace(/^/gm, '  ')}`)
    }
  }
  await Promise.all([worker(), worker()])

  const version = (name) => JSON.parse(readFileSync(join(home, 'node_modules', name, 'package.json'), 'utf8')).version
  const cell = (project, compiler) => {
    const mine = results.filter((one) => one.project === project && one.compiler === compiler)
    const order = Object.keys(resolutions)
    return mine.sort((a, b) => order.indexOf(a.resolution) - order.indexOf(b.resolution)).map(({ resolution, ok }) => (ok ? resolution : `${resolution} fails`)).join(', ') || '–'
  }
  const rows = [
    ['TypeScript, strict, no skipLibCheck', ...compilers.map(version)],
    ...Object.keys(projects).map((project) => [project, ...compilers.map((compiler) => cell(project, compiler))]),
  ]
  return { text: table(rows), ...counts }
}
