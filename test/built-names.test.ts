import { globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

/** The types that the entries of core give to other packages, with the names of their members. */
const members = (): string[] => {
  const core = resolve(import.meta.dirname, '../packages/core/src')
  const entries = ['index.ts', 'kit/index.ts', 'diagnostics/index.ts'].map((file) => join(core, file))
  const program = ts.createProgram(entries, { allowImportingTsExtensions: true, noEmit: true, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022, skipLibCheck: true, types: [] })
  const checker = program.getTypeChecker()
  const found: string[] = []
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)
    for (let symbol of module ? checker.getExportsOfModule(module) : []) {
      if (symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol)
      if (!(symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias))) continue
      for (const property of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) found.push(`${symbol.name}.${property.name}`)
    }
  }
  return found
}

test('nothing that packages share begins with `_`, which the build renames in each package on its own', () => {
  const found = members()
  expect(found.length).toBeGreaterThan(100)
  // Symbols are shown as `__@iterator`.
  expect(found.filter((name) => /\._(?!_@)/.test(name))).toEqual([])
})

test('no package reaches into the `_` members of a class of another one', () => {
  const wrong: string[] = []
  for (const file of globSync(join(import.meta.dirname, '../packages/*/src/**/*.ts'))) {
    if (/\.test(-d)?\.ts$/.test(file) || file.includes('_template')) continue
    const text = readFileSync(file, 'utf8')
    const own = globSync(join(dirname(file).replace(/(packages\/[^/]+\/src).*/, '$1'), '**/*.ts')).filter((other) => !/\.test(-d)?\.ts$/.test(other)).map((other) => readFileSync(other, 'utf8')).join('\n')
    for (const [, name] of text.matchAll(/\.(_[a-zA-Z]\w*)/g)) {
      // Declared somewhere in its own package: as a member, a field of a literal, or a part of a destructuring.
      if (!new RegExp(`(?:^|[\\s{,(])${name}\\??\\s*[:(=,;}]|declare (?:readonly )?${name}\\b`, 'm').test(own)) wrong.push(`${file}: ${name}`)
    }
  }
  expect(wrong).toEqual([])
})
