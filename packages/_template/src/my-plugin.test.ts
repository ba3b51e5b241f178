import { retry } from '@backon/core'
import { expect, test } from 'vitest'
import { myPlugin } from './my-plugin.ts'

test('counts every attempt of a call, and those that failed', async () => {
  const plugin = myPlugin()
  let runs = 0
  const flaky = () => {
    runs += 1
    if (runs < 3) throw new Error('not yet')
    return 'done'
  }

  await expect(retry(flaky, { wait: 0, use: [plugin] })).resolves.toBe('done')

  expect({ attempts: plugin.attempts, failures: plugin.failures }).toEqual({ attempts: 3, failures: 2 })
})
