import { existsSync, globSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { DefaultTheme } from 'vitepress'
import { addressOf, headingOf, placeOf, read, root } from './places.ts'

type Item = DefaultTheme.SidebarItem

const page = (source: string, text = headingOf(read(source))): Item => ({ text, link: addressOf(placeOf(source)!) })
/** Only the pages that are there: those of bench and compat are written by programs. */
const pages = (sources: Readonly<Record<string, string | undefined>>): Item[] =>
  Object.entries(sources)
    .filter(([source]) => existsSync(resolve(root, source)))
    .map(([source, text]) => page(source, text))
const found = (pattern: string): string[] => globSync(pattern, { cwd: root }).map((file) => file.replaceAll('\\', '/')).sort()

/** Typedoc names files from the root of the repository on. */
const fromTypedoc = (items: readonly Item[]): Item[] =>
  items.map(({ items: inner, link, ...rest }) => ({
    ...rest,
    ...(link && { link: addressOf(placeOf(`website/api/${link.replace(/^\/?(?:website\/)?(?:api\/)?/, '')}`)!) }),
    ...(inner && { items: fromTypedoc(inner) }),
  }))

const typedoc = resolve(root, 'website/api/typedoc-sidebar.json')
const api = existsSync(typedoc) ? fromTypedoc(JSON.parse(read('website/api/typedoc-sidebar.json'))) : []

const packages = ['fetch', 'core', 'breaker', 'breaker-redis', 'hedge', 'limit', 'metrics-prometheus', 'metrics-otel', 'testing']
const peers: Readonly<Record<string, string>> = {
  'p-retry': 'p-retry', 'async-retry': 'async-retry', 'axios-retry': 'axios-retry', 'got-and-ky': 'got, ky', cockatiel: 'cockatiel', opossum: 'opossum',
  python: 'backon, backoff (Python)', tenacity: 'tenacity (Python)',
}
export const playground = { text: 'Playground', link: '/playground/', target: '_self' }

const main: Item[] = [
  { text: 'Start', items: [page('README.md', 'Overview'), page('docs/guide.md', 'Quick start'), playground, page('examples/demo/README.md', 'Demo')] },
  {
    text: 'Guides',
    items: pages({
      'docs/http.md': undefined, 'docs/idempotency.md': 'Idempotency', 'docs/deadlines-and-cancellation.md': undefined, 'docs/retry-after.md': 'Retry-After', 'docs/production.md': undefined, 'docs/observability.md': 'Observability',
      'docs/testing.md': 'Testing', 'docs/recipes.md': 'With other libraries', 'docs/writing-a-plugin.md': undefined, 'examples/service/README.md': 'An example service',
    }),
  },
  { text: 'Packages', items: packages.map((name) => page(`packages/${name}/README.md`, `@backon/${name}`)) },
  { text: 'Coming from …', items: pages(Object.fromEntries(Object.entries(peers).map(([name, text]) => [`docs/coming-from-${name}.md`, text]))) },
  {
    text: 'Compare',
    items: [
      ...pages({ 'docs/compare.md': 'What each library does' }),
      ...[...found('docs/compare-*.md'), ...found('compare/*.md')].filter((source) => placeOf(source)).map((source) => page(source)),
      ...pages({ 'bench/results.md': 'Speed and size', 'compat/RESULTS.md': 'Where it runs', 'docs/quality.md': 'How well it is tested' }),
      ...found('bench/results/*.md').map((source) => page(source)),
    ],
  },
  { text: 'API', collapsed: true, items: api.map(({ text, link }) => ({ text, link }) as Item) },
  {
    text: 'Design decisions',
    collapsed: true,
    items: [
      page('docs/decisions/README.md', 'All of them'),
      ...found('docs/decisions/[0-9]*.md').map((source) => page(source, `${basename(source).slice(0, 4)} ${headingOf(read(source)).replace(/^\d+[.:]?\s*/, '')}`)),
    ],
  },
]

export const sidebar: DefaultTheme.SidebarMulti = { '/api/': [{ text: 'API', link: '/api/', items: api }], '/': main }
