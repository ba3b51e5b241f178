import { type GiveupDetails, override, type Plugin, retry, retrySync, use } from '@backon/core'
import { levels } from '@backon/core/kit'
import { hedge, hedging } from '@backon/hedge'
import { randomFrom, virtualClock } from '@backon/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hands } from '../test/time.ts'
import { RetryBudget, type RetryBudgetOptions } from './budget.ts'
import { RetryBudgets } from './budgets.ts'
import type { BudgetEvent } from './hooks.ts'

let now = 0
let undo: () => void
beforeEach(() => {
  now = 0
  undo = override({ clock: { now: () => now, setTimeout, clearTimeout } })
})
afterEach(() => undo())

const down = new Error('down')
const refusal = Object.assign(new Error('full'), { refused: true, refusedBy: 'limit' })
const still = { every: Infinity }

/** Runs one call that fails as often as it may; gives how many attempts it made. */
const fail = async (use: readonly Plugin[], maxTries = 3, error: unknown = down): Promise<number> => {
  let runs = 0
  await expect(retry(() => {
    runs++
    throw error
  }, { wait: 0, maxTries, use })).rejects.toBe(error)
  return runs
}
const succeed = async (budget: RetryBudget, times = 1): Promise<void> => {
  while (times-- > 0) await retry(() => 1, { use: [budget] })
}

describe('the balance', () => {
  test('starts at the credit; a retry takes 1, a first attempt nothing, and what cannot be paid for is refused', async () => {
    const budget = new RetryBudget(still)
    const runs = []
    for (let call = 0; call < 4; call++) runs.push(await fail([budget]))
    expect([runs, budget.balance]).toEqual([[3, 2, 1, 1], 0])
  })

  test('a call that succeeds adds the ratio, once, however many attempts it took', async () => {
    const budget = new RetryBudget({ ...still, credit: 1 })
    await retry(({ tries }) => {
      if (tries < 2) throw down
    }, { wait: 0, use: [budget] })
    expect(budget.balance).toBeCloseTo(0.1)
  })

  test('ten successes pay for one retry: ten times 0.1 is not quite 1', async () => {
    const budget = new RetryBudget({ ...still, credit: 0 })
    await succeed(budget, 9)
    expect(await fail([budget])).toBe(1)
    await succeed(budget, 1)
    expect([await fail([budget]), budget.balance]).toEqual([2, 0])
  })

  test('never goes above max', async () => {
    const budget = new RetryBudget({ ...still, max: 3.05 })
    await succeed(budget, 5)
    expect([budget.balance, new RetryBudget({ credit: 9, max: 2 }).balance, new RetryBudget({ max: 2 }).balance]).toEqual([3.05, 2, 2])
  })

  test('every so many ms add 1, without a timer; an idle hour adds no more than max', async () => {
    const timers = vi.fn(setTimeout)
    const off = override({ clock: { now: () => now, setTimeout: timers as never, clearTimeout } })
    const budget = new RetryBudget({ credit: 0, max: 5 })
    now += 9_000
    expect([budget.balance, await fail([budget])]).toEqual([0.9, 1])
    now += 1_000
    expect(await fail([budget])).toBe(2)
    now += 3_600_000
    expect([budget.balance, await fail([budget], 9)]).toEqual([5, 6])
    expect(timers).not.toHaveBeenCalled()
    off()
  })

  test('a clock that goes back adds nothing, and takes nothing', () => {
    now = 100_000
    const budget = new RetryBudget({ credit: 1 })
    now = 0
    expect(budget.balance).toBe(1)
    now = 5_000
    expect(budget.balance).toBe(1.5)
  })

  test('concurrent calls share it', async () => {
    const budget = new RetryBudget({ ...still, credit: 7 })
    const runs = await Promise.all(Array.from({ length: 10 }, () => fail([budget])))
    expect(runs.reduce((sum, one) => sum + one)).toBe(10 + 7)
  })

  test('a synchronous call pays too', () => {
    const budget = new RetryBudget({ ...still, credit: 1 })
    let runs = 0
    expect(() => retrySync(() => {
      runs++
      throw down
    }, { wait: 0, use: [budget] })).toThrow(down)
    expect([runs, budget.balance]).toEqual([2, 0])
  })

  test('invariant: retries never exceed the credit, the ratio of successes and the time together', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      now = 0
      const random = randomFrom(seed)
      const [ratio, credit, every] = [random() * 0.5, Math.floor(random() * 5), 100 + random() * 2_000]
      const budget = new RetryBudget({ ratio, credit, every })
      let [retries, successes] = [0, 0]
      for (let call = 0; call < 100; call++) {
        now += random() * 50
        await retry(({ tries }) => {
          if (tries > 1) retries++
          if (random() < 0.6) throw down
        }, { wait: 0, maxTries: 4, use: [budget] }).then(() => successes++, () => {})
        expect(retries).toBeLessThanOrEqual(credit + ratio * successes + now / every + 1e-6)
        expect(budget.balance).toBeGreaterThanOrEqual(0)
      }
    }
  })
})

describe('what it refuses', () => {
  test('the call gives up with its own last outcome, and does not wait', async () => {
    const budget = new RetryBudget({ credit: 0 })
    const onGiveup = vi.fn()
    const sleep = vi.fn()
    await expect(retry(() => {
      throw down
    }, { use: [budget], sleep, onGiveup })).rejects.toBe(down)
    expect([sleep.mock.calls.length, onGiveup.mock.calls[0]![0].exception]).toEqual([0, down])
  })

  test('a value that would be retried comes out as it is', async () => {
    expect(await retry(() => 'busy', { use: [new RetryBudget({ credit: 0 })], predicate: (value) => value === 'busy', wait: 0 })).toBe('busy')
  })

  test('its end is "refused"', async () => {
    const ends: unknown[] = []
    const onGiveup = ({ end }: GiveupDetails): unknown => ends.push(end)
    await retry(() => {
      throw down
    }, { use: [new RetryBudget({ credit: 0 })], wait: 0, onGiveup }).catch(() => {})
    expect(ends).toEqual(['refused'])
  })

  test('is told once, to its own options and to all plugins of the call', async () => {
    const seen: [string, BudgetEvent][] = []
    const told = (who: string) => ({ onBudgetReject: (event: BudgetEvent) => void seen.push([who, event]) })
    using _ = use(told('process'))
    const budget = new RetryBudget({ credit: 0.5, every: Infinity, name: 'users', ...told('own') })
    let call: object | undefined
    await fail([told('call'), budget, { onGiveup: (details) => void (call = details.call) }])
    const event = { budget: 'users', balance: 0.5, kind: 'retry', call, name: '' }
    expect(seen).toEqual([['own', event], ['process', event], ['call', event]])
  })

  test('what a handler throws changes nothing', async () => {
    vi.stubGlobal('reportError', vi.fn())
    const budget = new RetryBudget({ credit: 0, onBudgetReject: () => { throw new Error('mine') } })
    expect(await fail([budget])).toBe(1)
    expect(reportError).toHaveBeenCalledTimes(1)
    vi.unstubAllGlobals()
  })
})

describe('given back', () => {
  test('when the call is aborted in the wait', async () => {
    const budget = new RetryBudget(still)
    const controller = new AbortController()
    const call = retry(() => {
      throw down
    }, { wait: 60_000, use: [budget], signal: controller.signal, onBackoff: () => void setImmediate(() => controller.abort('gone')) })
    await expect(call).rejects.toBe('gone')
    expect(budget.balance).toBe(3)
  })

  test('not when the retry was running already', async () => {
    const budget = new RetryBudget(still)
    const controller = new AbortController()
    const call = retry(({ tries }) => {
      if (tries === 1) throw refusal
      controller.abort('gone')
      return new Promise(() => {})
    }, { wait: 0, use: [budget], signal: controller.signal })
    await expect(call).rejects.toBe('gone')
    expect(budget.balance).toBe(2)
  })

  test.each([['before', 0], ['after', 1]])('when a plugin %s it stops the call', async (_, at) => {
    const budget = new RetryBudget(still)
    const plugins: Plugin[] = [budget]
    plugins.splice(at, 0, { stop: () => true })
    expect([await fail(plugins), budget.balance]).toEqual([1, 3])
  })

  test('when the deadline is nearer than the wait', async () => {
    const budget = new RetryBudget(still)
    await expect(retry(() => {
      throw down
    }, { wait: 1_000, jitter: null, maxTime: 500, use: [budget] })).rejects.toBe(down)
    expect(budget.balance).toBe(3)
  })

  test('when the deadline passes in a wait that takes longer than was asked', async () => {
    const time = hands()
    const off = override({ clock: time })
    const budget = new RetryBudget(still)
    const call = retry(() => {
      throw down
    }, { wait: 1, maxTime: 500, use: [budget], sleep: () => new Promise(() => {}) })
    call.catch(() => {})
    await time.pass(499)
    expect(budget.balance).toBe(2)
    await time.pass(1)
    await expect(call).rejects.toBe(down)
    expect([budget.balance, time.pending]).toEqual([3, 0])
    off()
  })

  test('when a layer further in refuses the attempt: then and there, or when it is tried again', async () => {
    const budget = new RetryBudget(still)
    const once = retry(({ tries }) => {
      throw tries === 1 ? down : refusal
    }, { wait: 0, maxTries: 2, use: [budget] })
    await expect(once).rejects.toBe(refusal)
    expect(budget.balance).toBe(3)
    await retry(({ tries }) => {
      if (tries < 4) throw tries === 1 ? down : refusal
    }, { wait: 0, maxTries: 9, use: [budget] })
    expect(budget.balance).toBeCloseTo(3 - 1 + 0.1)
  })

  test('nothing, when the first attempt was refused and nothing was taken', async () => {
    const budget = new RetryBudget({ ...still, credit: 1 })
    expect(await fail([budget], 1, refusal)).toBe(1)
    expect(budget.balance).toBe(1)
  })

  test('the same object listed twice takes once', async () => {
    const budget = new RetryBudget(still)
    expect([await fail([budget, budget]), budget.balance]).toEqual([3, 1])
  })
})

describe('cost', () => {
  test('AWS: 500 tokens at 14 a transient error are 35 retries, then none', async () => {
    const budget = new RetryBudget({ ...still, credit: 500, max: 500, cost: () => 14 })
    let retries = 0
    for (let call = 0; call < 40; call++) retries += (await fail([budget])) - 1
    expect([retries, budget.balance]).toEqual([35, 10])
  })

  test('sees the outcome that it is for, and is given back as it was taken', async () => {
    const costs = new Map<unknown, number>([[down, 2], [refusal, 0]])
    const budget = new RetryBudget({ ...still, credit: 2, cost: ({ exception }) => costs.get(exception)! })
    await retry(({ tries }) => {
      if (tries < 3) throw [down, refusal][tries - 1]
    }, { wait: 0, use: [budget] })
    expect(budget.balance).toBeCloseTo(2.1)
  })

  test('what has come back for a refused attempt does not come back twice, when the next one cannot be paid for', async () => {
    const budget = new RetryBudget({ ...still, credit: 2, cost: ({ tries }) => (tries === 1 ? 1 : 5) })
    await retry(({ tries }) => {
      throw tries === 1 ? down : refusal
    }, { wait: 0, maxTries: 9, use: [budget] }).catch(() => {})
    expect(budget.balance).toBe(2)
  })

  test.each([-1, NaN, '1'])('%s is refused', async (cost) => {
    const budget = new RetryBudget({ cost: () => cost as number })
    await expect(retry(() => {
      throw down
    }, { use: [budget] })).rejects.toThrow(/^cost must be a number of 0 or more; got /)
    expect(budget.balance).toBe(3)
  })
})

describe('copies of hedges', () => {
  const details = { call: {}, tries: 1 } as never

  test('share it with retries', async () => {
    const budget = new RetryBudget({ ...still, credit: 2 })
    expect([budget.take('copy', details), await fail([budget]), budget.take('copy', details)]).toEqual([true, 2, false])
    budget.giveBack('copy')
    budget.earn()
    expect(budget.balance).toBeCloseTo(1.1)
  })

  test('one that is refused is told to the plugins that are given, or to those of the process', () => {
    const onBudgetReject = vi.fn()
    const budget = new RetryBudget({ credit: 0 })
    budget.take('copy', details, [{ onBudgetReject }])
    using _ = use({ onBudgetReject })
    budget.take('copy', details)
    expect(onBudgetReject.mock.calls.map(([event]) => event.kind)).toEqual(['copy', 'copy'])
  })
})

describe('with a hedge', () => {
  const hedged = async (budget: RetryBudget, more: Plugin[] = []): Promise<number> => {
    let runs = 0
    await retry(() => {
      runs++
      return Promise.reject(down)
    }, { wait: 0, maxTries: 2, use: [budget, hedging({ maxHedge: 2, budget }), ...more] }).catch(() => {})
    return runs
  }

  test('one object in both takes once for a copy and once for a retry, and earns once', async () => {
    const budget = new RetryBudget({ ...still, credit: 3 })
    expect([await hedged(budget), budget.balance]).toEqual([4, 0])
    await retry(() => 1, { use: [budget, hedging({ budget })] })
    expect(budget.balance).toBeCloseTo(0.1)
  })

  test('what it cannot pay for is not sent: the copies that run decide', async () => {
    const kinds: string[] = []
    const budget = new RetryBudget({ ...still, credit: 1, onBudgetReject: ({ kind }) => void kinds.push(kind) })
    expect([await hedged(budget), kinds]).toEqual([2, ['retry']])
  })

  test('a copy that a layer further in refuses is given back', async () => {
    const budget = new RetryBudget({ ...still, credit: 5 })
    const refuseCopies: Plugin = { wrap: (next) => (attempt) => {
      if (attempt.copy > 1) throw refusal
      return next(attempt)
    } }
    expect([await hedged(budget, [refuseCopies]), budget.balance]).toEqual([2, 4])
  })

  test('a hedge alone earns too', async () => {
    const budget = new RetryBudget({ ...still, credit: 0 })
    await hedge(() => 1, { budget })
    expect(budget.balance).toBe(0.1)
  })
})

describe('state', () => {
  test('goes on after a restart, with what the time between has added', () => {
    const date = vi.spyOn(Date, 'now').mockReturnValue(1_000_000)
    const budget = new RetryBudget({ credit: 2.5 })
    const state = JSON.parse(JSON.stringify(budget))
    expect(state).toEqual({ balance: 2.5, at: 1_000_000 })
    date.mockReturnValue(1_020_000)
    expect(new RetryBudget({ state }).balance).toBe(4.5)
    date.mockReturnValue(0)
    expect(new RetryBudget({ state }).balance).toBe(2.5)
    date.mockRestore()
  })

  test('its level is what can be read at any time', () => {
    const budget = new RetryBudget({ name: 'level of users', credit: 2 })
    expect(levels().find(({ name }) => name === budget.name)).toEqual({ kind: 'budget', name: 'level of users', values: { balance: 2 }, severity: -2 })
  })
})

test.each<[RetryBudgetOptions | object, string]>([
  [{ ratio: -1 }, 'ratio must be a number of 0 or more; got -1'],
  [{ credit: NaN }, 'credit must be a number of 0 or more; got NaN'],
  [{ max: '5' }, 'max must be a number of 0 or more; got "5"'],
  [{ every: 0 }, 'every must be a number above 0; got 0'],
  [{ every: '5' }, 'every must be a number above 0; got "5"'],
  [{ onBudgetReject: 1 }, 'onBudgetReject must be a function; got 1'],
  [{ name: 5 }, 'name must be a string; got 5'],
  [{ cost: 1 }, 'cost must be a function; got 1'],
  [{ state: {} }, 'balance must be a number of 0 or more; got undefined'],
  [{ state: { balance: 1, at: NaN } }, 'at must be a number of 0 or more; got NaN'],
])('refuses %j at once', (options, message) => {
  expect(() => new RetryBudget(options)).toThrow(message)
})

test('has no name unless it is given one, and asks for no times of an attempt', () => {
  expect(new RetryBudget()).toMatchObject({ name: '', timeless: true })
})

describe('one a key', () => {
  test('named after it, and dropped when idle with all of its credit', () => {
    const budgets = new RetryBudgets({ every: Infinity }, { idleFor: 100 })
    const spent = budgets.get('spent')
    budgets.get('full')
    spent.take('retry', { call: {} } as never)
    now = 200
    budgets.get('new')
    expect([...budgets].map(([key, { name }]) => [key, name])).toEqual([['new', 'new'], ['spent', 'spent']])
  })

  test('what is dropped has no level any more', () => {
    const budgets = new RetryBudgets((key) => ({ name: `of ${key}` }), { max: 1 })
    const [a] = [budgets.get('a'), budgets.get('b')]
    expect([a.name, levels().filter(({ name }) => name.startsWith('of ')).map(({ name }) => name)]).toEqual(['of a', ['of b']])
    budgets.delete('b')
    expect(levels().some(({ name }) => name.startsWith('of '))).toBe(false)
  })

  test.each<[() => unknown, string]>([
    [() => new RetryBudgets({ ratio: -1 }), 'ratio must be'],
    [() => new RetryBudgets({}, { max: 0 }), 'max must be an integer of 1 or more; got 0'],
    [() => new RetryBudgets({}, { max: '5' as never }), 'max must be an integer of 1 or more; got "5"'],
    [() => new RetryBudgets({}, { max: true as never }), 'max must be an integer of 1 or more; got true'],
    [() => new RetryBudgets({}, { idleFor: NaN }), 'idleFor must be a number of 0 or more; got NaN'],
  ])('refuses unusable options at once: %s', (make, message) => {
    expect(make).toThrow(message)
  })
})

/** gRPC A6's throttling, written out: every failure takes a token, every success gives 0.1 back, half of them must be left. */
test('against gRPC A6: in an outage the same retries as 10 tokens at 0.1', async () => {
  let tokens = 10
  const a6: number[] = []
  for (let call = 0; call < 20; call++) {
    let runs = 1
    while (tokens--, tokens > 5 && runs < 3) runs++
    tokens = Math.max(tokens, 0)
    a6.push(runs)
  }
  const budget = new RetryBudget(still)
  const ours: number[] = []
  for (let call = 0; call < 20; call++) ours.push(await fail([budget]))
  expect([ours, a6]).toEqual([[3, 2, ...Array(18).fill(1)], [3, 2, ...Array(18).fill(1)]])
})

test('drives itself by a virtual clock, and leaves no timer', async () => {
  const clock = virtualClock()
  undo()
  await clock.run(async () => {
    const budget = new RetryBudget({ credit: 0, every: 1_000 })
    let runs = 0
    const operation = (): void => {
      runs++
      throw down
    }
    await retry(operation, { use: [budget] }).catch(() => {})
    await clock.advance(1_000)
    await retry(operation, { use: [budget], wait: 10 }).catch(() => {})
    expect(runs).toBe(3)
  })
  expect(clock.pending).toBe(0)
})
