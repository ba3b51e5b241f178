import { join, matchesGlob, relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { decorators } from '../../vitest.config.ts'
import { sets } from './sets.mjs'

const set = sets.find(({ name }) => name === process.env['BACKON_MUTATION_SET'])!

/** In the order of the set. */
class CheapFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => set.tests.findIndex((glob) => matchesGlob(relative('packages', moduleId), glob))
    return files.toSorted((one, other) => place(one) - place(other))
  }
}

export default defineConfig({
  plugins: [decorators],
  test: {
    include: set.tests.map((glob) => join('packages', glob)),
    // Halves a run: the modules are loaded once.
    isolate: false,
    sequence: { sequencer: CheapFirst },
    setupFiles: ['scripts/mutation/setup.ts'],
    // A mutant may make a test wait for ever: it has failed then, and the next mutant needs no new process.
    testTimeout: 2_000,
    env: { SEED: '1', RUNS: String(set.runs ?? 100) },
  },
})
