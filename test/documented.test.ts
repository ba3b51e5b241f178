import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

/** Packages whose entries are held to it: `name`, or `name/subpath`. */
const held = ['core']
/** Rooms that are not yet, by the beginning of their path in `packages/`. */
const exceptions: readonly string[] = []

const root = fileURLToPath(new URL('../packages/', import.meta.url))
const entryOf = (name: string): string => {
  const [folder, ...subpath] = name.split('/')
  return `${root}${[folder, 'src', ...subpath, 'index.ts'].join('/')}`
}
const placeOf = (node: ts.Node): string => {
  const file = node.getSourceFile()
  return `${file.fileName.slice(root.length)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
}

/** What of an entry can be hovered over and says nothing, or can be called and shows no example. */
const undocumented = (name: string): string[] => {
  const program = ts.createProgram([entryOf(name)], {
    target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, allowImportingTsExtensions: true, noEmit: true, skipLibCheck: true, types: [],
  })
  const checker = program.getTypeChecker()
  const problems: string[] = []
  const says = (symbol: ts.Symbol): boolean => symbol.getDocumentationComment(checker).length > 0
  const complain = (symbol: ts.Symbol, of: string, what: string): void => {
    const place = placeOf(symbol.declarations![0]!)
    if (!exceptions.some((exception) => place.startsWith(exception))) problems.push(`${place} ${of}${symbol.name} ${what}`)
  }
  for (const exported of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entryOf(name))!)!)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    const declaration = symbol.declarations![0]!
    if (!says(symbol)) complain(symbol, '', 'has no doc comment')
    if (symbol.flags & ts.SymbolFlags.Value) {
      const type = checker.getTypeOfSymbolAtLocation(symbol, declaration)
      const callable = type.getCallSignatures().length + type.getConstructSignatures().length > 0
      if (callable && !symbol.getJsDocTags(checker).some((tag) => tag.name === 'example')) complain(symbol, '', 'has no @example')
    }
    // Its own members: what is inherited, or from another package, is held to it where it is declared.
    const members = symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class) ? symbol.members : undefined
    for (const member of members?.values() ?? []) {
      const node = member.declarations?.[0]
      const internal = !node || ts.isConstructorDeclaration(node) || ts.isPrivateIdentifier((node as ts.PropertyDeclaration).name ?? node) || !(member.flags & (ts.SymbolFlags.Property | ts.SymbolFlags.Method | ts.SymbolFlags.Accessor))
      const marked = ts.getJSDocTags(node ?? declaration).some((tag) => tag.tagName.text === 'internal' || tag.tagName.text === 'override')
      const overrides = node && ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.OverrideKeyword)
      if (!internal && !marked && !overrides && !says(member)) complain(member, `${symbol.name}.`, 'has no doc comment')
    }
  }
  return problems
}

describe('what an editor shows', () => {
  test.each(held)('%s: every export says what it is, every option too, and whatever is called shows an example', { timeout: 60_000 }, (name) => {
    expect(undocumented(name)).toEqual([])
  })
})
