import { existsSync, readFileSync, statSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { placeOf, read, root } from './places.ts'

/** Where the sources can be read, once the publisher has said so in the root's package.json. */
const repository: unknown = JSON.parse(read('package.json')).repository?.url
const sources = typeof repository === 'string' ? repository.replace(/^git\+/, '').replace(/\.git$/, '') : undefined

const elsewhere = /^(?:[a-z][a-z+.-]*:|\/\/|\/|#)/
const playground = /^examples\/browser\/README\.md\?(.+)$/

/**
 * Says what a link of a document means in the site. Documents link to each other as files of the repository, so that they can be
 * read there; `examples/browser/README.md?maxTries=5` opens the playground with these settings.
 *
 * @returns The place in the site (`guides/http.md#timeouts`, without a slash before it), the address of a source, or `undefined` where there is
 * nothing to link to: a file of the repository that is not in the site, as long as nobody knows where the repository is.
 * @throws {Error} The link leads nowhere in the repository either.
 */
export const meaningOf = (href: string, source: string): { place: string } | { url: string } | undefined => {
  if (elsewhere.test(href)) return { url: href }
  const target = posix.join(posix.dirname(source), href)
  const settings = playground.exec(target)?.[1]
  if (settings !== undefined) return { place: `playground/#${settings}` }
  const [file, anchor] = target.split('#') as [string, string?]
  const path = resolve(root, file)
  if (!existsSync(path)) throw new Error(`${source}: ${href} leads nowhere`)
  const place = placeOf(file)
  if (place && statSync(path).isFile()) return { place: place + (anchor ? `#${anchor}` : '') }
  return sources === undefined ? undefined : { url: `${sources}/blob/main/${file}` }
}

/** Gives a document as Markdown that stands at `place` in the site, with links that hold there. */
export const asMarkdown = (source: string, place: string): string => {
  let fence: string | undefined
  return readFileSync(resolve(root, source), 'utf8').replace(/^---\n[^]*?\n---\n/, '').split('\n').map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1]
    if (mark) fence = fence === undefined ? mark : mark.startsWith(fence) ? undefined : fence
    if (mark || fence !== undefined) return line
    // Code is left as it is.
    return line.replaceAll(/`[^`]+`|(?<!!)\[([^\][]+)\]\(([^)\s]+)\)/g, (whole, text: string, href?: string) => {
      if (href === undefined) return whole
      const meaning = meaningOf(href, source)
      if (!meaning) return text
      return 'url' in meaning ? whole : `[${text}](${posix.relative(posix.dirname(place), meaning.place) || posix.basename(place)})`
    })
  }).join('\n')
}
