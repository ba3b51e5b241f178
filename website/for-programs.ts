import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { SiteConfig } from 'vitepress'
import { asMarkdown } from './links.ts'
import { headingOf, placeOf, read } from './places.ts'
import { sidebar } from './sidebar.ts'

/** The first sentence of a document: what it is about. */
const aboutOf = (text: string): string => {
  const paragraph = text.split(/\n{2,}/).find((part) => /^(?!```)[A-Za-z`*@]/.test(part)) ?? ''
  const sentence = /^[^]*?[.?](?=\s|$)/.exec(paragraph)?.[0] ?? paragraph
  return sentence.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll(/\s+/g, ' ').replace(/:$/, '.')
}

/** Writes what programs read: each page as Markdown beside it, `llms.txt` with a list of them, `llms-full.txt` with the guides in one file. */
export const writeForPrograms = ({ outDir, pages, site }: SiteConfig): void => {
  const write = (place: string, text: string): void => {
    mkdirSync(dirname(resolve(outDir, place)), { recursive: true })
    writeFileSync(resolve(outDir, place), text)
  }
  const texts = new Map<string, string>()
  for (const source of pages) {
    const place = placeOf(source)!
    // The home page is a picture of the README.
    const text = place === 'index.md' ? asMarkdown('README.md', place) : source.startsWith('website/') ? read(source) : asMarkdown(source, place)
    texts.set(place, text)
    write(place, text)
  }

  /** In the order of the menu, which is the one to read them in. */
  const groups = (sidebar['/'] as { text: string; items: { text: string; link: string }[] }[]).map(({ text, items }) => ({
    text,
    places: items.map(({ link }) => `${link.slice(1)}${link.endsWith('/') ? 'index' : ''}.md`).filter((place) => texts.has(place)),
  }))
  const isReference = ({ text }: { text: string }): boolean => text === 'API' || text === 'Design decisions'
  const list = (places: readonly string[], about: boolean): string =>
    places.map((place) => `- [${headingOf(texts.get(place)!)}](${place})${about ? `: ${aboutOf(texts.get(place)!)}` : ''}`).join('\n')
  const guides = groups.filter((group) => !isReference(group))
  write(
    'llms.txt',
    [
      `# ${site.title}`,
      `> ${site.description}`,
      ...guides.map(({ text, places }) => `## ${text}\n\n${list(places, true)}`),
      `## Optional\n\n${list(groups.filter(isReference).flatMap(({ places }) => places), false)}`,
    ].join('\n\n') + '\n',
  )
  write('llms-full.txt', guides.flatMap(({ places }) => places.map((place) => texts.get(place)!)).join('\n\n'))
}
