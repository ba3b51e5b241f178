// Writes the site into site/: the reference of all packages, the guides, the playground. Then follows every link in it.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { report } from './counts.mjs'

const site = resolve('site')

function must(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

must('typedoc', [])
must('vite', ['build', 'examples/browser', '--outDir', join(site, 'playground'), '--emptyOutDir', '--logLevel', 'warn'])

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const decode = (text) => text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name) => entities[name])

/** What a page links to, and the places in it that can be linked to. */
function readPage(file) {
  // Scripts and examples of code are no links.
  const html = readFileSync(file, 'utf8').replaceAll(/<script\b[^>]*>[^]*?<\/script>/g, (script) => script.slice(0, script.indexOf('>') + 1))
  const links = [...html.matchAll(/<[a-z][^>]*?\s(?:href|src)="([^"]*)"/g)].map(([, link]) => decode(link))
  const anchors = new Set([...html.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id]) => decode(id)))
  return { file, links, anchors }
}

const pages = new Map(globSync(join(site, '**/*.html')).map((file) => [file, readPage(file)]))
let followed = 0
const broken = new Set()
for (const { file, links } of pages.values()) {
  for (const link of links) {
    if (link === '' || /^(?:[a-z]+:|\/\/)/.test(link)) continue
    followed += 1
    const [path, anchor] = link.split('#')
    let target = path === '' ? file : resolve(dirname(file), decodeURIComponent(path.split('?')[0]))
    if (existsSync(target) && statSync(target).isDirectory()) target = join(target, 'index.html')
    const where = `${relative(site, file)}: ${link}`
    if (!target.startsWith(site) || !existsSync(target)) broken.add(`${where} leads nowhere`)
    else if (anchor && pages.has(target) && !pages.get(target).anchors.has(decodeURIComponent(anchor))) broken.add(`${where} has no such place`)
  }
}
for (const problem of broken) console.error(problem)
console.log(`${pages.size} pages in site/, ${followed} links within it followed`)
report({ passed: followed - broken.size, failed: broken.size })
process.exitCode = broken.size > 0 ? 1 : 0
