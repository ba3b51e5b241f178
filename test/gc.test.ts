import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

interface Report {
  heard: Record<string, string>
  grown: number
  grownByLoops: number
  grownByNesting: number
  listenersBefore: number
  listenersAfter: number
  timers: number
}

test('F-01 F-25 RT-04 after a garbage collection signals still reach what was started with them, and nothing else is kept', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gc-'))
  const outfile = join(folder, 'program.mjs')
  await build({ entryPoints: [join(import.meta.dirname, 'gc/program.ts')], outfile, bundle: true, format: 'esm', platform: 'node', target: 'es2022', mangleProps: /^_/ })
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', outfile])
  await rm(folder, { recursive: true })

  const { heard, grown, grownByLoops, grownByNesting, listenersBefore, listenersAfter, timers } = JSON.parse(stdout) as Report
  expect(Object.keys(heard).length).toBeGreaterThan(8)
  for (const [way, what] of Object.entries(heard)) expect(`${way}: ${what}`).toBe(`${way}: ends with the reason`)
  // 20,000 more calls: less than 50 bytes each, where one that is kept has more than 500.
  for (const bytes of [grown, grownByLoops, grownByNesting]) expect(bytes).toBeLessThan(1_000_000)
  expect([listenersBefore, timers]).toEqual([0, 0])
  expect(listenersAfter).toBeLessThanOrEqual(1)
})
