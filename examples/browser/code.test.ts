import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { code } from './src/code.ts'
import { policyFields, type Settings, strategies } from './src/settings.ts'

const initial: Settings = Object.fromEntries(Object.entries(policyFields).map(([name, { initial }]) => [name, initial]))

test('the TypeScript to copy compiles, for each strategy and jitter', () => {
  const folder = join(import.meta.dirname, 'node_modules/.cache/code')
  mkdirSync(folder, { recursive: true })
  const jitters = Object.keys((policyFields.jitter as { choices: object }).choices)
  const files = Object.keys(strategies).flatMap((wait, i) => {
    // A value that is not the default of any option, so that each is written out.
    const options = Object.fromEntries(Object.keys(strategies[wait as keyof typeof strategies]).map((name) => [`${wait}.${name}`, 1_234]))
    const some = { ...initial, wait, jitter: jitters[i % jitters.length]!, ...options, timeout: 2_000, maxTime: 60_000 }
    return [initial, some, { ...some, breaker: true, hedge: true }, { ...some, breaker: true, trip: 'share' }, { ...some, hedge: true, budget: true }].map((settings, j) => {
      const file = join(folder, `${wait}-${j}.ts`)
      writeFileSync(file, code(settings))
      return file
    })
  })
  const config = join(folder, 'tsconfig.json')
  writeFileSync(config, JSON.stringify({ extends: '../../../../../tsconfig.base.json', compilerOptions: { noUnusedLocals: false }, files }))
  const { status, stdout } = spawnSync('tsc', ['-p', config, '--pretty', 'false'], { encoding: 'utf8' })
  expect(stdout).toBe('')
  expect(status).toBe(0)
}, 120_000)

test('writes no more than differs from the defaults of the library', () => {
  expect(code(initial)).toBe(`import { expo, retry } from '@backon/core'

export const load = (signal: AbortSignal) =>
  retry(
    async (attempt) => {
      const response = await fetch('https://example.com/', { signal: attempt.signal })
      if (!response.ok) throw Object.assign(new Error(\`status \${response.status}\`), { response })
      return response
    },
    {
      wait: expo(),
      maxTries: 5,
      signal,
    },
  )
`)
})
