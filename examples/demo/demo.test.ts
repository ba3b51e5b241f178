import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const shell = (command: string) => spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' }, timeout: 60_000 })

// It calls a real server in real time, so this takes as long as it takes a reader: 8 s.
test('the demo ends well, its time never runs back, and it says what was saved', { timeout: 70_000 }, () => {
  const { status, stdout, stderr } = shell('node scripts/run-ts.mjs examples/demo/main.ts')
  const times = [...stdout.matchAll(/^ *(\d+\.\d\d) s /gm)].map(([, seconds]) => Number(seconds))
  expect([status, stderr]).toEqual([0, ''])
  expect(times.length).toBeGreaterThan(30)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(stdout).toContain('fetch: 2 of 8 requests succeeded, now 5 of 8')
  expect(stdout).toMatch(/breaker: 42 of 48 requests spared/)
  expect(stdout).toMatch(/hedge: 1,\d+ ms → \d+ ms/)
})

test('the demo ends quietly when nobody reads on', { timeout: 70_000 }, () => {
  const { stdout, stderr } = shell('node scripts/run-ts.mjs examples/demo/main.ts | head -n 5')
  expect([stdout.split('\n').length, stderr]).toEqual([6, ''])
})
