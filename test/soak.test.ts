import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

interface Report {
  heap: number[]
  given: number
  timers: number
  listeners: number
}

test('RT-48 a million calls through retry, breaker, hedge and metrics leave a flat heap, no listener and no timer', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'soak-'))
  const outfile = join(folder, 'program.mjs')
  await build({ entryPoints: [join(import.meta.dirname, 'soak/program.ts')], outfile, bundle: true, format: 'esm', platform: 'node', target: 'es2022', mangleProps: /^_/, banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" } })
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', outfile])
  await rm(folder, { recursive: true })

  const { heap, given, timers, listeners } = JSON.parse(stdout) as Report
  // What an attempt's copies could not save, three attempts mostly did: one call in a thousand fails, or fewer.
  expect(given).toBeGreaterThan(0)
  expect(given).toBeLessThan(2_000)
  expect([timers, listeners]).toEqual([0, 0])
  const last = heap.slice(heap.length / 5)
  const middle = last.toSorted((a, b) => a - b)[Math.floor(last.length / 2)]!
  expect(Math.max(...last) / middle).toBeLessThan(1.05)
  expect(Math.min(...last) / middle).toBeGreaterThan(0.95)
})
