// Read by scripts/mutation.mjs, which runs it in a copy of the repository: Stryker edits the sources in place.
import { sets } from './sets.mjs'

const set = sets.find(({ name }) => name === process.env.BACKON_MUTATION_SET)

const ranges = process.env.BACKON_MUTATION_RANGES

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  inPlace: true,
  mutate: ranges ? ranges.split(',') : set.mutate.flatMap((glob) => [`packages/${glob}`, ...(glob.includes('*') ? [`!packages/${glob.slice(0, -2)}test.ts`, `!packages/${glob.slice(0, -2)}test-d.ts`] : [])]),
  // By its place: Stryker looks for plugins beside itself, and pnpm puts nothing there.
  plugins: [import.meta.resolve('@stryker-mutator/vitest-runner')],
  testRunner: 'vitest',
  vitest: { configFile: 'scripts/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 3_000,
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: 'mutation.json' },
  // The types are nobody's business here: vitest drops them.
  disableTypeChecks: false,
}
