// Writes the site into site/: the documents of the repository, the reference of all packages, the playground. Then asks it what a
// reader would: does every link lead somewhere, is each thing found by its name, does a page talk to nobody else.
import { spawnSync } from 'node:child_process'
import { report } from './counts.mjs'
import { followLinks } from './site-links.mjs'
import { openOnPhone } from './site-phone.mjs'
import { askIndex } from './site-search.mjs'
import { entries } from './typedoc-names.mjs'

const site = 'site'

function must(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

// `--pages` leaves out what takes longest while a page is being written: the reference stays as it was.
if (!process.argv.includes('--pages')) must('typedoc', ['--options', 'website/typedoc.json', ...entries.map(({ file }) => file)])
must('vitepress', ['build', 'website'])
// After VitePress, which empties the folder.
must('vite', ['build', 'examples/browser', '--outDir', `../../${site}/playground`, '--emptyOutDir', '--logLevel', 'warn'])

const links = followLinks(site)
console.log(`${links.pages} pages in ${site}/, ${links.followed} links within it followed`)
const search = await askIndex(site, {
  axios: 'coming-from/axios-retry.html',
  idempotency: 'guides/idempotency.html',
  'p-retry': 'coming-from/p-retry.html',
  maxTries: 'packages/core.html#row-maxTries',
  deadline: 'guides/deadlines-and-cancellation.html',
})
const phone = await openOnPhone(site)
console.log(`${search.asked} words looked up, ${phone.opened} pages opened on a phone`)

const problems = [...links.problems, ...search.problems, ...phone.problems]
for (const problem of problems) console.error(problem)
report({ passed: links.followed + search.asked + phone.opened - problems.length, failed: problems.length, skipped: phone.skipped })
process.exitCode = problems.length > 0 ? 1 : 0
