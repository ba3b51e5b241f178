import { make } from './form.ts'

const kinds = [
  ['comment', /\/\/.*/],
  ['string', /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/],
  ['number', /\b\d[\d_.]*\b/],
  ['keyword', /\b(?:import|from|export|const|new|async|await|return|if|throw|null|true|false)\b/],
  ['call', /\b[A-Za-z]\w*(?=\()/],
  ['name', /\b[A-Za-z]\w*(?=:)/],
] as const

const any = new RegExp(kinds.map(([kind, { source }]) => `(?<${kind}>${source})`).join('|'), 'g')

/** Colours TypeScript of the kind that this page writes. The text stays the same. */
export function highlight(code: string): (Node | string)[] {
  const parts: (Node | string)[] = []
  let end = 0
  for (const match of code.matchAll(any)) {
    const kind = Object.entries(match.groups!).find(([, text]) => text !== undefined)![0]
    parts.push(code.slice(end, match.index), make('span', { class: `code-${kind}` }, match[0]))
    end = match.index + match[0].length
  }
  return [...parts, code.slice(end)]
}
