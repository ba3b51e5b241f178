import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { SiteConfig } from 'vitepress'
import { asMarkdown } from './links.ts'
import { headingOf, placeOf, read } from './places.ts'

const reference = /^(?:api|decisions)\//

/** Writes what programs read: each page as Markdown beside it, `llms.txt` with a list of them, `llms-full.txt` with the guides in one file. */
export const writeForPrograms = ({ outDir, pages, site }: SiteConfig): void => {
  const all = pages
    .map((source) => ({ source, place: placeOf(source)! }))
    .filter(({ place }) => place !== 'index.md')
    .map(({ source, place }) => ({ place, heading: headingOf(read(source)), text: source.startsWith('website/') ? read(source) : asMarkdown(source, place) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
  for (const { place, text } of all) {
    mkdirSync(dirname(resolve(outDir, place)), { recursive: true })
    writeFileSync(resolve(outDir, place), text)
  }
  const guides = all.filter(({ place }) => !reference.test(place))
  const list = (pages: typeof all) => pages.map(({ place, heading }) => `- [${heading}](${place})`).join('\n')
  writeFileSync(
    resolve(outDir, 'llms.txt'),
    `# ${site.title}\n\n> ${site.description}\n\n${list(guides)}\n\n## Optional\n\n${list(all.filter(({ place }) => /^(?:api|decisions)\/(?:index\.md|.+\/index\.md)$/.test(place)))}\n`,
  )
  writeFileSync(resolve(outDir, 'llms-full.txt'), guides.map(({ text }) => text).join('\n\n'))
}
