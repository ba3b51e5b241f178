import { type Attempt, override, type Plugin, retry, timeout } from '@backon/core'
import { hedging } from '@backon/hedge'
import { randomFrom } from '@backon/testing'
import { expect, test } from 'vitest'
import { hands } from '../test/time.ts'
import { aimd } from './aimd.ts'
import { RetryBudget } from './budget.ts'
import { limit } from './limit.ts'
import { nested } from './nested.ts'
import { throttle } from './throttle.ts'

const permutations = <T>(all: readonly T[]): T[][] => (all.length < 2 ? [[...all]] : all.flatMap((one, i) => permutations(all.toSpliced(i, 1)).map((rest) => [one, ...rest])))

/**
 * Every order of six layers, with operations that succeed, fail, throw, hang and are overloaded, and callers that abort: each call ends, with an error that
 * somebody made; nothing is left, and nothing is counted twice.
 */
test('invariants in every order of budget, limit, throttle, nested, timeout and hedge', { timeout: 120_000 }, async () => {
  const layers = ['budget', 'limit', 'throttle', 'nested', 'timeout', 'hedge'] as const
  let seed = 0
  for (const order of permutations(layers)) {
    const random = randomFrom(++seed)
    const time = hands()
    const off = override({ clock: time, random })
    const told = { retries: 0, successes: 0, ended: 0, refused: 0 }
    const budget = new RetryBudget({ every: Infinity, credit: 2, onBudgetReject: () => void told.refused++ })
    const [api, users] = [limit({ concurrency: random() < 0.5 ? 2 : aimd({ initial: 2 }), queue: 2, maxWait: 120, ...(random() < 0.3 && { rate: { calls: 4, per: 100 } }) }), throttle({ minRequests: 3, window: 1_000 })]
    const plugins: Record<(typeof layers)[number], Plugin> = { budget, limit: api, throttle: users, nested: nested(), timeout: timeout(60), hedge: hedging({ wait: 30, maxHedge: 2 }) }
    let running = 0
    let most = 0
    const operation = ({ signal }: Attempt): unknown => {
      const dice = random()
      if (dice < 0.1) throw new Error('at once')
      most = Math.max(most, ++running)
      let over = false
      const end = (): void => {
        if (!over) running--
        over = true
      }
      signal.addEventListener('abort', end)
      return new Promise((resolve, reject) => {
        if (dice < 0.9) {
          time.setTimeout(() => {
            end()
            if (dice < 0.5) resolve('ok')
            else reject(Object.assign(new Error('no'), dice < 0.7 && { status: 503 }))
          }, random() * 80)
        }
      })
    }
    const watch: Plugin = {
      onAttempt: ({ tries }) => void (tries > 1 && told.retries++),
      onSuccess: () => void (told.ended++, told.successes++),
      onGiveup: () => void told.ended++,
      onAbort: () => void told.ended++,
    }
    const endings: Promise<unknown>[] = []
    for (let call = 0; call < 12; call++) {
      const controller = new AbortController()
      endings.push(retry(operation, { wait: 10, maxTries: 3, maxTime: 400, signal: controller.signal, use: [watch, ...order.map((name) => plugins[name])] }).then(() => 'ok', (error) => String(error?.name ?? error)))
      if (random() < 0.2) time.setTimeout(() => controller.abort('gone'), random() * 100)
      await time.pass(random() * 30)
    }
    await time.pass(5_000)
    const where = `${order.join(' ')} (seed ${seed})`
    expect([await Promise.race([Promise.all(endings).then(() => 'all'), time.pass(0).then(() => 'some hang')]), told.ended], where).toEqual(['all', 12])
    for (const ending of await Promise.all(endings)) expect(['ok', 'Error', 'gone', 'LimitError', 'ThrottledError', 'TimeoutError'], where).toContain(ending)
    expect([api.running, api.queued, running, time.pending], where).toEqual([0, 0, 0, 0])
    // What is paid for and refused further in comes back, so this is a bound and no equation.
    expect(budget.balance, where).toBeGreaterThanOrEqual(Math.max(0, 2 + 0.1 * told.successes - told.retries - 1e-6))
    expect(budget.balance, where).toBeLessThanOrEqual(2 + 0.1 * told.successes + 1e-6)
    if (order.indexOf('limit') > order.indexOf('hedge')) expect(most, where).toBeLessThanOrEqual(api._slots.size + 2)
    off()
  }
})
