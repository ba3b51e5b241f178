import { expo, override, type Plugin, retry } from '@backon/core'
import { describe, expect, test } from 'vitest'
import { aws, finagle, grpcA6 } from '../test/budgets.ts'
import { overload, recovery, type Scene } from '../test/overload.ts'
import { aimd } from './aimd.ts'
import { RetryBudget } from './budget.ts'
import { limit } from './limit.ts'
import { throttle } from './throttle.ts'

const down = new Error('down')
let now = 0
/** Runs calls of up to three attempts; gives how many each made. An `F` fails as often as it may, an `S` succeeds at once. */
const play = async (plugin: Plugin, calls: string, every = 0): Promise<number[]> => {
  using _ = override({ clock: { now: () => now, setTimeout, clearTimeout } })
  const runs: number[] = []
  for (const call of calls) {
    let tries = 0
    await retry(() => {
      tries++
      if (call === 'F') throw down
    }, { wait: 0, maxTries: 3, use: [plugin] }).catch(() => {})
    runs.push(tries)
    now += every
  }
  return runs
}

describe('the models that the budget is compared with', () => {
  test('gRPC A6: 10 tokens, 0.1 a success, retries above 5', async () => {
    const six = grpcA6()
    const trace: [string, number[], number][] = []
    for (const calls of ['F', 'F', 'F', 'SSSSSSSSSS', 'F', 'S', 'FFFFFF']) trace.push([calls, await play(six.plugin, calls), Math.round(six.tokens * 10) / 10])
    expect(trace).toEqual([
      ['F', [3], 7],
      ['F', [2], 5],
      ['F', [1], 4],
      ['SSSSSSSSSS', Array(10).fill(1), 5],
      ['F', [1], 4],
      ['S', [1], 4.1],
      ['FFFFFF', [1, 1, 1, 1, 1, 1], 0],
    ])
  })

  test('AWS: 500 tokens, 14 a retry: 35 of them, then none; what succeeds comes back', async () => {
    const quota = aws()
    const runs = await play(quota.plugin, 'F'.repeat(30))
    expect([runs.reduce((sum, one) => sum + one - 1, 0), quota.tokens]).toEqual([35, 10])
    await play(quota.plugin, 'SSSS')
    expect([quota.tokens, await play(quota.plugin, 'F'), quota.tokens]).toEqual([14, [2], 0])
  })

  test('Finagle: ten retries a second are always there, one of five calls more', async () => {
    now = 0
    const runs = await play(finagle().plugin, 'F'.repeat(200), 1)
    expect(runs.reduce((sum, one) => sum + one - 1, 0)).toBe(100 + 40)
  })
})

describe('RT-52: an overload that ends', { timeout: 60_000 }, () => {
  const scene: Scene = {
    clients: 12, capacity: 60, queue: 180, normal: 42, high: 120, from: 10_000, to: 20_000, end: 60_000, perAttempt: 1_000,
    retries: { maxTries: 4, wait: expo({ factor: 100, maxValue: 1_000 }) },
  }
  const play = async (...stack: (() => Plugin)[]): Promise<{ server: number; clients: number }> => {
    const seconds = await overload(scene, () => stack.map((make) => make()), 1)
    return { server: recovery(seconds, scene, 'requests'), clients: recovery(seconds, scene, 'calls') }
  }

  test('without any of them the retries keep the server down', async () => {
    expect(await play()).toEqual({ server: Infinity, clients: Infinity })
  })

  test('with a budget it recovers about as soon as without retries', async () => {
    const [none, budget] = [await play(() => ({ stop: () => true })), await play(() => new RetryBudget())]
    expect(none.clients).toBeLessThan(20)
    expect(budget.clients).toBeLessThanOrEqual(none.clients + 5)
  })

  test('with a throttle the server recovers; its clients let go with the window', async () => {
    const { server, clients } = await play(() => throttle({ window: 10_000 }))
    expect([server < 15, clients < 35], `${server} s, ${clients} s`).toEqual([true, true])
  })

  test.each<[string, () => Plugin]>([
    ['a fixed limit', () => limit({ concurrency: 1, queue: 10, maxWait: 1_000 })],
    ['a limit that learns', () => limit({ concurrency: aimd({ initial: 4, max: 20, backoff: 0.5 }), queue: 10, maxWait: 1_000 })],
  ])('with %s it recovers within seconds', async (_, make) => {
    expect((await play(make)).clients).toBeLessThan(8)
  })
})
