import type { Reporter, TestModule } from 'vitest/node'
import { report } from './counts.mjs'

/** Counts tests for the last line of `npm test`. A file that could not be loaded, or a stray error, is a failure too. */
export default class Counts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state === 'passed' || state === 'failed' ? state : 'skipped'] += 1
      }
    }
    report(counts)
  }
}
