import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { miniSearch } from '../website/search.ts'

const vitepress = dirname(createRequire(import.meta.url).resolve('vitepress/package.json'))

/**
 * Asks the index of a built site, as its search box does.
 *
 * @param {string} folder
 * @param {Record<string, string>} wanted What is to be found first, by what is looked for.
 * @returns {Promise<{ asked: number, problems: string[] }>}
 */
export async function askIndex(folder, wanted) {
  const [file] = globSync(join(folder, 'assets/**/*localSearchIndex*.js'))
  if (!file) return { asked: 0, problems: ['the site has no index to search'] }
  const { default: json } = await import(pathToFileURL(resolve(file)).href)
  const { loadLocalSearchIndex } = await import(pathToFileURL(join(vitepress, 'dist/client/theme-default/support/local-search.js')).href)
  const index = loadLocalSearchIndex(json, miniSearch)
  const problems = []
  for (const [words, page] of Object.entries(wanted)) {
    const found = index.search(words).slice(0, 3).map(({ id }) => id)
    if (!found[0]?.replace(/^\//, '').startsWith(page)) problems.push(`search for "${words}" finds ${found.join(', ') || 'nothing'} first, not ${page}`)
  }
  return { asked: Object.keys(wanted).length, problems }
}
