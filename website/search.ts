import type { DefaultTheme } from 'vitepress'

type Local = DefaultTheme.LocalSearchOptions

/** How words are looked up. It goes to the page as text: the function in it can name nothing outside itself. */
export const miniSearch: NonNullable<Local['miniSearch']> = {
  searchOptions: {
    combineWith: 'AND',
    fuzzy: 0.1,
    bm25: { k: 1.2, b: 0.3, d: 0.5 },
    // What explains comes before what lists: guides, then packages, then the reference; how it came to be comes last. A page that is about
    // the word comes before a section of another one.
    boostDocument(id: string, _: string, { titles }: { titles?: readonly string[] } = {}) {
      if (/\/api\//.test(id)) return 0.6
      if (/\/(?:decisions|compare|contributing|security)/.test(id)) return 0.4
      if (/\/packages\/core\.html#row-/.test(id)) return 1.6
      if (/#row-/.test(id)) return /\/coming-from\//.test(id) ? 0.7 : 1
      return titles?.length ? 1.3 : 2
    },
  },
}

/** Makes a section of each row that has an address, so that an option is found where it is explained. */
export const renderForSearch: NonNullable<Local['_render']> = async (source, env, md) => {
  const html = await md.renderAsync(source, env)
  if (env.frontmatter?.search === false) return ''
  return html.replaceAll(/<td id="(row-(\w+))"[^>]*>/g, '<h4 id="$1">$2<a href="#$1"></a></h4>')
}
