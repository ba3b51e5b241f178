// Says what is missing for a release: `npm run release:check`. What only the publisher knows is told once, and written where it belongs:
// `npm run release:check -- --repository=https://github.com/OWNER/NAME`.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { report } from './counts.mjs'
import { packages } from './packages.mjs'

const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')
const root = JSON.parse(read('package.json'))

const given = process.argv.find((argument) => argument.startsWith('--repository='))?.slice('--repository='.length).replace(/(\.git|\/)$/, '')
if (given) {
  for (const { path } of [{ path: '.' }, ...packages()]) {
    const file = `${path}/package.json`
    const manifest = JSON.parse(read(file))
    const directory = path === '.' ? {} : { directory: path }
    Object.assign(manifest, {
      repository: { type: 'git', url: `git+${given}.git`, ...directory },
      homepage: path === '.' ? (manifest.homepage ?? given) : `${given}/tree/main/${path}#readme`,
      bugs: `${given}/issues`,
    })
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
    console.log(`${file}: repository, homepage and bugs are written`)
  }
  console.log('')
}

/** Each thing that must be so, for everything at once or for one package, and what to do where it is not. */
const checks = []
const check = (where, what, ok, next) => checks.push({ where, what, ok: Boolean(ok), next })

const publisher = 'npm run release:check -- --repository=https://github.com/OWNER/NAME'
const workflow = read('.github/workflows/release.yml')
check('the repository', '"repository" in package.json: where it is', root.repository ?? given, publisher)
check('the repository', 'a license', read('LICENSE').includes('MIT'), 'add LICENSE')
check('the repository', 'how to report a vulnerability', read('SECURITY.md'), 'add SECURITY.md')
check('the release workflow', 'provenance: npm signs where the packages were built', /NPM_CONFIG_PROVENANCE: '?true/.test(workflow) && /id-token: write/.test(workflow), 'set NPM_CONFIG_PROVENANCE and id-token: write in .github/workflows/release.yml')

const announced = globSync('.changeset/*.md').map(read).join('\n')
const names = new Set()
for (const { path } of packages()) {
  const manifest = JSON.parse(read(`${path}/package.json`))
  const { name, publishConfig = {}, exports = {}, peerDependencies = {} } = manifest
  const text = read(`${path}/README.md`)
  names.add(name)
  check(name, 'a name of the scope', name === `@backon/${path.slice('packages/'.length)}`, 'rename it')
  for (const field of ['description', 'keywords', 'license', 'type', 'sideEffects', 'engines', 'files']) check(name, `"${field}"`, manifest[field] !== undefined, `add it to ${path}/package.json`)
  check(name, '"repository" with "directory": where its source is', manifest.repository?.directory === path, publisher)
  check(name, 'leave to be published', manifest.private === undefined && publishConfig.access === 'public', 'no "private"; publishConfig.access: "public"')
  check(name, 'a publishConfig without provenance', publishConfig.provenance === undefined, 'take it out of publishConfig: elsewhere than in CI it makes publishing fail')
  check(name, 'every entry of "exports" in publishConfig.exports', Object.keys(exports).join() === Object.keys(publishConfig.exports ?? {}).join(), 'bring "exports" and publishConfig.exports together')
  check(name, '@backon/core among its peers', name === '@backon/core' || peerDependencies['@backon/core'], 'add it to peerDependencies: a program has one core')
  check(name, 'how to install it', new RegExp(`^npm install (?:-\\S+ )*[^\\n]*${name}(?![-\\w])`, 'm').test(text), `add \`npm install …\` to ${path}/README.md`)
  check(name, 'a version, or a changeset that gives it one', manifest.version !== '0.0.0' || announced.includes(`'${name}':`) || announced.includes(`"${name}":`), 'npx changeset')
}
for (const [, name] of announced.matchAll(/^['"](@backon\/[a-z-]+)['"]:/gm)) if (!names.has(name)) check(name, 'the package itself, which a changeset names', false, 'look at .changeset')

const missing = checks.filter(({ ok }) => !ok)
for (const where of new Set(missing.map(({ where }) => where))) {
  console.log(where)
  for (const { what, next } of missing.filter((one) => one.where === where)) console.log(`  missing: ${what}\n    next: ${next}`)
}
console.log(missing.length === 0 ? 'Nothing is missing. Merge the "version packages" pull request: the release workflow publishes.' : '\nNobody publishes by hand: what is missing goes into a pull request.')
report({ passed: checks.length - missing.length, failed: missing.length })
process.exitCode = missing.length > 0 ? 1 : 0
