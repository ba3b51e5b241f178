import { posix } from 'node:path'
import type { MarkdownOptions } from 'vitepress'
import { meaningOf } from './links.ts'
import { root } from './places.ts'

type Markdown = Parameters<NonNullable<MarkdownOptions['config']>>[0]
type State = Parameters<Parameters<Markdown['core']['ruler']['push']>[1]>[0]

/** The document that is being read; none while VitePress reads a heading for its text alone. */
const sourceOf = ({ env }: State): string | undefined => {
  const path: string | undefined = env.realPath ?? env.path
  return path && posix.relative(root, path)
}

/** Turns the links of the repository into those of the site; what there is nothing to link to stays as text. */
const links = (state: State): void => {
  const source = sourceOf(state)
  // Those of typedoc are between its own pages, and those of the home page are written for the site.
  if (source === undefined || source.startsWith('website/')) return
  for (const { children } of state.tokens) {
    let gone = false
    for (const token of children ?? []) {
      if (token.type === 'link_close' && gone) {
        token.tag = 'span'
        gone = false
      }
      if (token.type !== 'link_open') continue
      const meaning = meaningOf(token.attrGet('href') ?? '', source)
      if (!meaning) {
        token.type = 'text_link_open'
        token.tag = 'span'
        token.attrs = []
        gone = true
      } else if ('place' in meaning) {
        token.attrSet('href', `/${meaning.place}`)
        // The playground is no page of VitePress.
        if (meaning.place.startsWith('playground/')) token.attrSet('target', '_self')
      }
    }
  }
}

const managers: Readonly<Record<string, (packages: string, dev: boolean) => string>> = {
  npm: (packages, dev) => `npm install ${dev ? '-D ' : ''}${packages}`,
  pnpm: (packages, dev) => `pnpm add ${dev ? '-D ' : ''}${packages}`,
  yarn: (packages, dev) => `yarn add ${dev ? '-D ' : ''}${packages}`,
  bun: (packages, dev) => `bun add ${dev ? '-d ' : ''}${packages}`,
}

/** Shows `npm install …` for each package manager, on tabs. */
const installTabs = (state: State): void => {
  state.tokens = state.tokens.flatMap((token) => {
    const found = token.type === 'fence' && token.info.trim() === 'sh' ? /^npm install (-D |--save-dev )?(@backon[^\n]*)\n$/.exec(token.content) : null
    if (!found) return [token]
    const bracket = (nesting: -1 | 1) => {
      const bracket = new state.Token(`container_code-group_${nesting > 0 ? 'open' : 'close'}`, 'div', nesting)
      bracket.block = true
      bracket.info = 'code-group'
      return bracket
    }
    const tabs = Object.entries(managers).map(([name, command]) => {
      const tab = new state.Token('fence', 'code', 0)
      return Object.assign(tab, { block: true, map: token.map, markup: '```', info: `sh [${name}]`, content: `${command(found[2]!, !!found[1])}\n` })
    })
    return [bracket(1), ...tabs, bracket(-1)]
  })
}

/** Gives each row of a table that begins with a name an address: `#row-maxTries`. */
const rows = (state: State): void => {
  const taken = new Set<string>()
  for (const [index, token] of state.tokens.entries()) {
    const code = state.tokens[index + 1]?.children?.[0]
    if (token.type !== 'td_open' || state.tokens[index - 1]?.type !== 'tr_open' || code?.type !== 'code_inline') continue
    const name = /^[A-Za-z]\w+/.exec(code.content)?.[0]
    if (!name || taken.has(name)) continue
    taken.add(name)
    token.attrSet('id', `row-${name}`)
  }
}

/** What the site adds to Markdown, so that the documents can be read in the repository as they are. */
export const addToMarkdown = (md: Markdown): void => {
  md.core.ruler.after('inline', 'repository-links', links)
  md.core.ruler.after('repository-links', 'install-tabs', installTabs)
  md.core.ruler.after('install-tabs', 'named-rows', rows)
  md.renderer.rules.text_link_open = () => '<span>'
}
