import { idempotent, safe } from './methods.ts'
import type { RequestFacts } from '../types.ts'

/** The URL as it was given. */
export const textOf = (input: any): string => String(input?.url ?? input)

const parse = (text: string): URL | undefined => {
  const { document, location } = globalThis as any
  try {
    return new URL(text, document?.baseURI ?? location?.href)
  } catch {
    // `fetch` says so, in its own words.
    return undefined
  }
}

/** What is known of a request. Its URL is parsed when somebody asks for it. */
export class Facts implements RequestFacts {
  declare readonly method: string
  declare safe: boolean
  declare idempotent: boolean
  readonly #text: string

  constructor(text: string, method: string) {
    this.#text = text
    this.method = method
    this.safe = safe.test(method)
    this.idempotent = this.safe || idempotent.test(method)
  }

  get url(): string {
    return parse(this.#text)?.href ?? this.#text
  }

  get origin(): string {
    return parse(this.#text)?.origin ?? 'null'
  }
}

/** A host that is as the parser would give it: a parser costs as much as all the rest of a name. */
const plain = /^https?:\/\/([a-z\d_.-]+(?::(?!80\/|443\/)\d+)?)\//

/** The host of a URL, and its port where it is not the usual one; `''` where there is none. */
export const hostOf = (text: string): string => plain.exec(text)?.[1] ?? parse(text)?.host ?? ''
