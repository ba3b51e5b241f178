import { expect, test } from 'vitest'
import { onHedge } from './hedge.ts'

test('onHedge is a legacy decorator too', async () => {
  class Client {
    calls = 0
    @onHedge({ wait: 0, maxHedge: 2 })
    async get(id: number): Promise<number> {
      this.calls++
      return id
    }
  }
  const client = new Client()
  await expect(client.get(3)).resolves.toBe(3)
  expect(client.calls).toBe(2)
})
