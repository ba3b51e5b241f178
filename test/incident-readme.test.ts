import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('shows the incident in the README of testing as it is tested', () => {
  const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')
  expect(read('../packages/testing/README.md')).toContain(`\`\`\`ts\n${read('incident.test.ts')}\`\`\`\n`)
})
