import { defineConfig } from 'vitepress'
import { writeForPrograms } from '../for-programs.ts'
import { addToMarkdown } from '../markdown.ts'
import { placeOf, root } from '../places.ts'
import { miniSearch, renderForSearch } from '../search.ts'
import { playground, sidebar } from '../sidebar.ts'

const base = process.env.DOCS_BASE ?? '/'
const description = 'Retries for TypeScript that stop when they should, a fetch that survives, a circuit breaker, hedging, limits.'
/** `DOCS_URL`: where the site will be. A social card needs the whole address. */
const home = process.env.DOCS_URL?.replace(/\/?$/, '/') ?? base

/** Pages with tables of ten columns. */
const wide = new Set(['compare/index.md', 'compare/where-it-runs.md', 'compare/quality.md'])

export default defineConfig({
  lang: 'en',
  title: 'backon',
  description,
  base,
  srcDir: '..',
  outDir: `${root}/site`,
  cacheDir: './.vitepress/cache',
  srcExclude: ['.*/**', 'node_modules/**', 'packages/_template/**', 'packages/*/!(README).md', 'packages/*/*/**', 'test/**', 'site/**', 'compat/**/!(RESULTS).md', 'bench/node_modules/**', 'website/.vitepress/**', 'website/{hero,api-intro}.md', '**/CHANGELOG.md'],
  rewrites: (source) => placeOf(source) ?? source,
  cleanUrls: false,
  lastUpdated: false,
  // scripts/docs.mjs follows every link once the playground is there.
  ignoreDeadLinks: [/^\/playground\//],
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}favicon.svg` }],
    ['meta', { name: 'theme-color', content: '#0f766e' }],
    ['meta', { property: 'og:type', content: 'website' }],
    ['meta', { property: 'og:image', content: `${home}social-card.png` }],
    ['meta', { property: 'og:image:alt', content: 'backon: retries for TypeScript that stop when they should' }],
    ['meta', { name: 'twitter:card', content: 'summary_large_image' }],
  ],
  transformHead: ({ page, title, description }) => [
    ['meta', { property: 'og:title', content: title }],
    ['meta', { property: 'og:description', content: description }],
    ...(page === '404.md' ? [] : [['link', { rel: 'alternate', type: 'text/markdown', href: base + page }] as [string, Record<string, string>]]),
  ],
  // The tables of the reference and of the comparison need the room.
  transformPageData({ relativePath, frontmatter }) {
    if (relativePath.startsWith('api/')) Object.assign(frontmatter, { aside: false, pageClass: 'api' })
    if (wide.has(relativePath)) Object.assign(frontmatter, { aside: false, pageClass: 'wide' })
  },
  buildEnd: writeForPrograms,
  vite: { publicDir: `${root}/website/public`, build: { chunkSizeWarningLimit: 3_000 } },
  markdown: { languages: ['js', 'ts', 'tsx', 'sh', 'json', 'yaml', 'python'], languageAlias: { mts: 'ts' }, config: addToMarkdown },
  themeConfig: {
    logo: '/favicon.svg',
    search: { provider: 'local', options: { miniSearch, _render: renderForSearch } },
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Guides', link: '/guides/http', activeMatch: '^/guides/' },
      { text: 'Packages', link: '/packages/fetch', activeMatch: '^/packages/' },
      { text: 'Compare', link: '/compare/', activeMatch: '^/compare/' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      playground,
    ],
    sidebar,
    outline: [2, 3],
    docFooter: { prev: 'Previous', next: 'Next' },
    notFound: {
      title: 'There is no such page',
      quote: 'Trying again will not help: a 404 is final. Search for a word of the page, or start at the home page.',
      linkText: 'Home',
      linkLabel: 'go to the home page',
    },
    footer: { message: 'MIT license' },
  },
})
