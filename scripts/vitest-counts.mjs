import { report } from './counts.mjs'

/**
 * Counts tests for the last line of `npm test`. A file that could not be loaded, or a stray error, is a failure too.
 *
 * @implements {import('vitest/node').Reporter}
 */
export default class Counts {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} errors
   */
  onTestRunEnd(modules, errors) {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      counts.failed += module.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state === 'passed' || state === 'failed' ? state : 'skipped'] += 1
      }
    }
    report(counts)
  }
}
