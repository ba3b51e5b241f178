/** What must not reach a line of a log as it is: control characters and line ends, and what turns the direction of text. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu

/** A text on one line, of bounded length. */
export const onOneLine = (text: string, most: number): string =>
  (text.length > most ? `${text.slice(0, most)}…` : text).replace(unprintable, (character) =>
    character === '\n' ? String.raw`\n` : character === '\r' ? String.raw`\r` : String.raw`\u` + character.codePointAt(0)!.toString(16).padStart(4, '0'),
  )

/** The kind of a value, and its size where it has one: never what is in it. */
export const kindOf = (value: any): string => {
  const type = typeof value
  try {
    if (type === 'string') return `string of ${value.length} characters`
    if (type !== 'object' || value === null) return value === null ? 'null' : type
    if (Array.isArray(value)) return `array of ${value.length}`
    const name = String(value.constructor?.name || type)
    if (typeof Response === 'function' && value instanceof Response) return `${name} with status ${value.status}`
    if (value instanceof Map || value instanceof Set) return `${name} of ${value.size}`
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return `${name} of ${value.byteLength} bytes`
    return name
  } catch {
    return type
  }
}

/** What was thrown: an error by its name and message, a string as it is, anything else by its kind. */
export const thrownInShort = (thrown: any): string => {
  try {
    if (typeof thrown === 'string') return thrown
    const { message, name } = thrown
    if (typeof message === 'string') return [typeof name === 'string' ? name : 'Error', message].filter(Boolean).join(': ')
  } catch {}
  return kindOf(thrown)
}
