import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** The repository, which is where the pages come from: a document is written once, to be read there and here. */
export const root = resolve(import.meta.dirname, '..')

/** Where a document of the repository stands in the site, by the first pattern that fits. What fits none is not in it. */
const places: readonly (readonly [RegExp, string])[] = [
  [/^website\/index\.md$/, 'index.md'],
  [/^website\/api\/(.+)$/, 'api/$1'],
  [/^README\.md$/, 'overview.md'],
  [/^packages\/(?!_)([a-z-]+)\/README\.md$/, 'packages/$1.md'],
  [/^examples\/([a-z-]+)\/README\.md$/, 'examples/$1.md'],
  [/^docs\/coming-from-([a-z-]+)\.md$/, 'coming-from/$1.md'],
  [/^docs\/decisions\/README\.md$/, 'decisions/index.md'],
  [/^docs\/decisions\/(.+\.md)$/, 'decisions/$1'],
  [/^docs\/guide\.md$/, 'quick-start.md'],
  [/^docs\/compare\.md$/, 'compare/index.md'],
  [/^docs\/quality\.md$/, 'compare/quality.md'],
  [/^(?:docs\/compare-|compare\/)([a-z-]+\.md)$/, 'compare/$1'],
  [/^bench\/results\.md$/, 'compare/speed.md'],
  [/^bench\/results\/([a-z-]+\.md)$/, 'compare/$1'],
  [/^compat\/RESULTS\.md$/, 'compare/where-it-runs.md'],
  [/^docs\/([a-z-]+\.md)$/, 'guides/$1'],
  [/^CONTRIBUTING\.md$/, 'contributing.md'],
  [/^SECURITY\.md$/, 'security.md'],
]

/** Says where a document of the repository stands in the site: `docs/http.md` is `guides/http.md`. */
export const placeOf = (source: string): string | undefined => {
  const found = places.find(([pattern]) => pattern.test(source))
  return found && source.replace(...found)
}

/** Reads a document of the repository. */
export const read = (source: string): string => readFileSync(resolve(root, source), 'utf8')

/** The first heading of a document, as plain text. */
export const headingOf = (text: string): string => /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? ''

/** The address of a page in a menu: without `index` and ending. */
export const addressOf = (place: string): string => `/${place.replace(/(?:(?<=^|\/)index)?\.md$/, '')}`
