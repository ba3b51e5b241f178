// Builds examples/browser with the packed packages, and runs its tests in Chromium.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { home, work } from './install.mjs'
import { run } from './shell.mjs'

/** @returns {Promise<{ text: string, passed: number, failed: number, skipped: number }>} */
export async function checkPlayground() {
  const file = join(work, 'playground.json')
  const env = { ...process.env, PACKED_PACKAGES: join(home, 'node_modules/@backon'), NO_COLOR: '1' }
  const args = ['run', '--project', 'examples/browser', 'playground', '--reporter=json', `--outputFile=${file}`]
  const { output } = await run('vitest', args, { cwd: join(home, '..'), env, timeout: 300_000 })
  let result
  try {
    result = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new Error(output)
  }
  for (const { fullName, failureMessages } of result.testResults.flatMap(({ assertionResults }) => assertionResults)) {
    if (failureMessages.length > 0) console.error(`${fullName}:\n${failureMessages.join('\n').replace(/^/gm, '  ')}`)
  }
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = result
  return { text: `${passed} tests of examples/browser pass in Chromium with the packed packages.`, passed, failed, skipped }
}
