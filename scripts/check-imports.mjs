// Holds the import graph to its shape: layers point one way, no cycles (type imports included), nobody imports
// an index.ts, and between packages the only road is from a plugin to @backon/core, as its peer.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'
import { report } from './counts.mjs'
import { packages } from './packages.mjs'

// Each line may import from itself and from the lines above it. A name is a folder of src/ with `/`, or a file without `.ts`.
// A package without a table has no layers; the other rules hold for it all the same.
const layers = {
  // The folders of core are its rooms: docs/decisions/0001 says what each may know.
  core: [
    ['types', 'check', 'errors', 'thenable'],
    ['seams/', 'names'],
    ['time/', 'jitter/'],
    ['wait/', 'stop/', 'condition/'],
    ['engine/'],
    ['shells/', 'plugins/', 'diagnostics/', 'kit/'],
    ['index'],
  ],
  breaker: [['machine', 'check', 'ask'], ['error', 'hooks', 'probes', 'trip'], ['options'], ['transitions'], ['run'], ['breaker'], ['breakers', 'retrying', 'sharing'], ['index']],
  testing: [['scope', 'run-then'], ['clock/'], ['random', 'switches'], ['faults/'], ['record/'], ['simulate/'], ['matchers', 'index']],
  'metrics-prometheus': [['metric'], ['prometheus'], ['index']],
  hedge: [['hooks', 'error', 'follow'], ['percentile', 'judge'], ['options'], ['pace'], ['outcome'], ['race'], ['hedging'], ['hedge', 'retrying'], ['index']],
  'breaker-redis': [['script', 'within'], ['client'], ['options'], ['link'], ['share'], ['index']],
  fetch: [['types'], ['request/'], ['settings', 'wait', 'verdict/'], ['call'], ['failures'], ['body/'], ['attempt'], ['options'], ['fetch', 'resume'], ['index']],
  limit: [['read', 'bounds', 'errors', 'hooks', 'storage'], ['overload', 'rate'], ['queue'], ['aimd', 'limit', 'budget', 'throttle', 'nested'], ['registry'], ['limits', 'budgets', 'throttles'], ['index']],
  'metrics-otel': [['metrics', 'tracing'], ['index']],
}

// The seams must carry every plugin, so core may not know any: neither as an import nor as a word in its code. What is published for
// tools (diagnostics/) has to call the events of all packages by their names, and imports none of them.
const pluginWords = /breaker|circuit|hedge|hedging|prometheus|opentelemetry|otel/i

const isTest = (file) => /\.(test|test-d)\.ts$/.test(file)

function layerOf(table, file) {
  const name = file.replace(/\.ts$/, '')
  return table.findIndex((line) => line.some((entry) => (entry.endsWith('/') ? name.startsWith(entry) : name === entry)))
}


/** Reads the code without its comments, in which core may well say what an open circuit is. */
function identifiers(text) {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, text)
  const found = []
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (kind === ts.SyntaxKind.Identifier || kind === ts.SyntaxKind.StringLiteral) found.push(scanner.getTokenText())
  }
  return found
}

function checkPackage({ folder, path, manifest }) {
  const problems = []
  const src = join(path, 'src')
  const files = globSync('**/*.ts', { cwd: src }).filter((file) => !isTest(file)).sort()
  const table = layers[folder]
  const graph = new Map()

  for (const file of files) {
    const text = readFileSync(join(src, file), 'utf8')
    const where = `${src}/${file}`
    const edges = []
    graph.set(file, edges)
    if (table && layerOf(table, file) < 0) problems.push(`${where} is in no layer; give it one in scripts/check-imports.mjs`)

    for (const { fileName: specifier } of ts.preProcessFile(text).importedFiles) {
      // Adding to the types of another package asks nothing of those who do not have it.
      if (text.includes(`declare module '${specifier}'`) && !text.includes(`from '${specifier}'`)) continue
      if (specifier.startsWith('.')) {
        const target = normalize(join(dirname(file), specifier)).replace(/\.js$/, '.ts')
        if (!existsSync(join(src, target))) problems.push(`${where} imports ${specifier}, which is no file of ${src} (the name needs its .ts)`)
        else if (/(^|\/)index\.ts$/.test(target)) problems.push(`${where} imports ${target}; import the file that has the thing`)
        else {
          edges.push(target)
          const [from, to] = table ? [layerOf(table, file), layerOf(table, target)] : [0, 0]
          if (from >= 0 && from < to) problems.push(`${where} imports ${target}, which is in a higher layer`)
        }
      } else {
        const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
        if (name.startsWith('@backon/') && name !== '@backon/core' && !(folder === 'breaker-redis' && name === '@backon/breaker')) problems.push(`${where} imports ${name}; only @backon/core may be shared`)
        else if (!manifest.peerDependencies?.[name]) problems.push(`${where} imports ${specifier}, which is no peer dependency of ${manifest.name}`)
      }
    }
    if (folder === 'core' && !file.startsWith('diagnostics/')) {
      for (const word of new Set(identifiers(text).filter((one) => pluginWords.test(one)))) problems.push(`${where} names a plugin: ${word}`)
    }
  }

  for (const name of Object.keys(manifest.dependencies ?? {})) problems.push(`${path}/package.json depends on ${name}; a run-time dependency must be a peer`)
  return [...problems, ...cycles(graph).map((cycle) => `${src}: cycle ${cycle.join(' → ')}`)]
}

/** Finds one cycle for each back edge of a depth-first walk. */
function cycles(graph) {
  const found = []
  const done = new Set()
  const walk = (file, trail) => {
    const at = trail.indexOf(file)
    if (at >= 0) found.push([...trail.slice(at), file])
    if (at >= 0 || done.has(file)) return
    for (const next of graph.get(file) ?? []) walk(next, [...trail, file])
    done.add(file)
  }
  for (const file of graph.keys()) walk(file, [])
  return found
}

const results = packages({ template: true }).map((one) => checkPackage(one))
for (const problem of results.flat()) console.error(problem)
const failed = results.filter((problems) => problems.length > 0).length
if (failed === 0) console.log(`${results.length} packages: layers, cycles and borders hold`)
report({ passed: results.length - failed, failed })
process.exitCode = failed > 0 ? 1 : 0
