import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const decode = (text) => text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name) => entities[name])

/** What a page links to, the places in it that can be linked to, and what it would load from somewhere else. */
function readPage(file) {
  // Scripts and examples of code are no links.
  const html = readFileSync(file, 'utf8').replaceAll(/<script\b[^>]*>[^]*?<\/script>/g, (script) => script.slice(0, script.indexOf('>') + 1))
  const links = [...html.matchAll(/<[a-z][^>]*?\s(?:href|src)="([^"]*)"/g)].map(([, link]) => decode(link))
  const anchors = new Set([...html.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id]) => decode(id)))
  const loaded = [...html.matchAll(/<(?:script|img|iframe|link|source)\b[^>]*?\s(?:href|src)="((?:https?:)?\/\/[^"]*)"/g)].map(([, url]) => url)
  return { file, links, anchors, loaded }
}

/** The links of the Markdown that stands beside the pages, without those in examples of code. */
const linksOfMarkdown = (file) => [...readFileSync(file, 'utf8').replaceAll(/^(\s*)(`{3,})[^]*?^\1\2\s*$/gm, '').replaceAll(/`[^`\n]*`/g, '').matchAll(/(?<!!)\[[^\][]*\]\(([^)\s]+)\)/g)].map(([, link]) => link)

/**
 * Follows every link within a built site, in its pages and in the Markdown beside them.
 *
 * @param {string} folder
 * @param {string} base Where the site will stand on its host.
 * @returns {{ pages: number, followed: number, problems: string[] }}
 */
export function followLinks(folder, base = process.env.DOCS_BASE ?? '/') {
  const site = resolve(folder)
  const pages = new Map(globSync(join(site, '**/*.html')).map((file) => [file, readPage(file)]))
  const problems = new Set()
  let followed = 0
  const follow = (file, link) => {
    if (link === '' || /^(?:[a-z][a-z+.-]*:|\/\/)/.test(link)) return
    followed += 1
    const [address, anchor] = link.split('#')
    const path = decodeURIComponent(address.split('?')[0])
    const where = `${relative(site, file)}: ${link}`
    if (path.startsWith('/') && !path.startsWith(base)) return problems.add(`${where} is outside ${base}`)
    let target = path === '' ? file : path.startsWith('/') ? join(site, path.slice(base.length)) : resolve(dirname(file), path)
    if (existsSync(target) && statSync(target).isDirectory()) target = join(target, 'index.html')
    // VitePress writes its menus without the ending.
    if (!existsSync(target) && existsSync(`${target}.html`)) target += '.html'
    const page = pages.get(target)
    if (!target.startsWith(site) || !existsSync(target)) problems.add(`${where} leads nowhere`)
    // What follows the # of the playground is its settings.
    else if (anchor && page && !target.startsWith(join(site, 'playground')) && !page.anchors.has(decodeURIComponent(anchor))) problems.add(`${where} has no such place`)
  }
  for (const { file, links, loaded } of pages.values()) {
    for (const link of links) follow(file, link)
    for (const url of loaded) problems.add(`${relative(site, file)} loads ${url}: a page talks to nobody else`)
  }
  for (const file of globSync([join(site, '**/*.md'), join(site, 'llms.txt')])) for (const link of linksOfMarkdown(file)) follow(file, link.split('#')[0])
  return { pages: pages.size, followed, problems: [...problems] }
}
