import { type Attempt, disable, expo, NonRetryableError, override, type Plugin, retry, retrySync, sleep, timeout, TimeoutError, use, waitNone } from '@backon/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HedgeLostError } from './error.ts'
import { hedging } from './hedging.ts'
import type { HedgeOptions } from './options.ts'
import type { HedgeDetails } from './hooks.ts'

interface Copy {
  after?: number
  fails?: unknown
  value?: unknown
  /** Answers even when it is aborted. */
  deaf?: boolean
}

/** An operation whose copies behave as listed, the last one for ever; takes down when each started and why it was aborted. */
const service = (...plan: Copy[]) => {
  const log: { started: number; attempt: Attempt; reason: unknown }[] = []
  const operation = async (attempt: Attempt): Promise<unknown> => {
    const entry = { started: performance.now(), attempt, reason: undefined as unknown }
    const copy = log.push(entry)
    const { after = 0, fails, value = `copy ${copy}`, deaf } = plan[Math.min(copy, plan.length) - 1]!
    attempt.signal.addEventListener('abort', () => (entry.reason = attempt.signal.reason))
    if (after) await sleep(after, deaf ? undefined : attempt.signal)
    if (fails !== undefined) throw fails
    return value
  }
  return Object.assign(operation, { log, starts: () => log.map(({ started }) => started), reasons: () => log.map(({ reason }) => reason) })
}

const once = <T>(operation: (attempt: Attempt) => T, options: HedgeOptions, others = {}): Promise<any> =>
  retry(operation as any, { maxTries: 1, ...others, use: [hedging(options)] })

/** Takes down how a promise settles, and when. */
const outcome = (promise: Promise<unknown>) => {
  const seen: { at?: number; value?: unknown; error?: any } = {}
  promise.then(
    (value) => Object.assign(seen, { at: performance.now(), value }),
    (error: unknown) => Object.assign(seen, { at: performance.now(), error }),
  )
  return seen
}

const failure = (name: string): Error => new Error(name)

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('copies', () => {
  test.each([
    ['a number', 100, [0, 100, 200]],
    ['a list, which ends', [30, 50], [0, 30, 80]],
    ['a list that is shorter than the copies', [30], [0, 30]],
    ['a strategy whose n counts copies', expo({ factor: 10 }), [0, 10, 30]],
    ['zero, which starts all at once', 0, [0, 0, 0]],
    ['a strategy that says zero', waitNone(), [0, 0, 0]],
    ['Infinity, which never comes', Infinity, [0]],
  ])('start after %s', async (_, wait, starts) => {
    const operation = service({ after: 5_000 })
    const seen = outcome(once(operation, { wait }))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(operation.starts()).toEqual(starts)
    await vi.advanceTimersByTimeAsync(4_000)
    expect(seen).toEqual({ at: 5_000, value: 'copy 1' })
  })

  test('with a wait of zero all start before the call returns', () => {
    const operation = vi.fn(async () => 1)
    const promise = once(operation, { wait: 0, maxHedge: 4 })
    expect(operation).toHaveBeenCalledTimes(4)
    return promise
  })

  test.each([1, 2, 5])('are at most %i', async (maxHedge) => {
    const operation = service({ after: 5_000 })
    const seen = outcome(once(operation, { wait: 10, maxHedge }))
    await vi.advanceTimersByTimeAsync(5_000)
    expect([operation.log.length, seen.value]).toEqual([maxHedge, 'copy 1'])
  })

  test('none but the first is needed, nor a timer, when it answers at once', async () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout')
    await expect(once(async () => 'fast', { wait: 100 })).resolves.toBe('fast')
    expect(setTimer).not.toHaveBeenCalled()
  })

  test('have a signal each, and the number of the attempt', async () => {
    const operation = service({ after: 100, deaf: true })
    const promise = once(operation, { wait: 10 })
    await vi.advanceTimersByTimeAsync(120)
    await promise
    expect(new Set(operation.log.map(({ attempt }) => attempt.signal)).size).toBe(3)
    expect(operation.log.map(({ attempt }) => attempt.tries)).toEqual([1, 1, 1])
  })

  test('the first success wins, whichever copy it is', async () => {
    const operation = service({ after: 1_000 }, { after: 50 })
    const seen = outcome(once(operation, { wait: 100, maxHedge: 2 }))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(seen).toEqual({ at: 150, value: 'copy 2' })
  })

  test('a failed copy does not decide while another may still succeed', async () => {
    const operation = service({ after: 200 }, { after: 10, fails: failure('two') })
    const seen = outcome(once(operation, { wait: 100, maxHedge: 2 }))
    await vi.advanceTimersByTimeAsync(200)
    expect(seen).toEqual({ at: 200, value: 'copy 1' })
  })

  test('may answer undefined', async () => {
    await expect(once(async () => undefined, { wait: 10 })).resolves.toBeUndefined()
  })
})

describe('failures', () => {
  test('RT-28: a copy that fails makes the next start at once, and the delay counts from there', async () => {
    const operation = service({ after: 20, fails: failure('one') }, { after: 500 }, { after: 1 })
    const seen = outcome(once(operation, { wait: 100 }))
    await vi.advanceTimersByTimeAsync(500)
    expect(operation.starts()).toEqual([0, 20, 120])
    expect(seen).toEqual({ at: 121, value: 'copy 3' })
  })

  test('RT-28: an error that is not retryable ends all copies', async () => {
    const fatal = new NonRetryableError('no such user')
    const operation = service({ after: 500 }, { after: 10, fails: fatal })
    const seen = outcome(once(operation, { wait: 100 }))
    await vi.advanceTimersByTimeAsync(500)
    expect(seen).toEqual({ at: 110, error: fatal })
    expect(operation.log).toHaveLength(2)
    expect(operation.reasons()[0]).toBeInstanceOf(HedgeLostError)
  })

  test('a failure does not start more copies than the list of waits has', async () => {
    const operation = service({ fails: failure('x') })
    const seen = outcome(once(operation, { wait: [50] }))
    await vi.advanceTimersByTimeAsync(0)
    expect([operation.log.length, seen.error.message]).toEqual([2, 'x'])
  })

  test('RT-30: one copy that ran rejects with its own error', async () => {
    const error = failure('alone')
    await expect(once(async () => Promise.reject(error), { wait: 10, maxHedge: 1 })).rejects.toBe(error)
  })

  test('F-46, RT-30: when every copy fails, the error of the one that failed last comes out, as it was thrown', async () => {
    const errors = ['one', 'two', 'three'].map(failure)
    const operation = service({ after: 300, fails: errors[0] }, { after: 40, fails: errors[1] }, { after: 50, fails: errors[2] })
    const seen = outcome(once(operation, { wait: 100 }))
    await vi.advanceTimersByTimeAsync(300)
    expect(seen.at).toBe(300)
    expect(seen.error).toBe(errors[0])
  })

  test.each([[undefined], [null], ['x'], [Object.freeze({})]])('RT-07: %o may be thrown', async (thrown) => {
    const throws = (): never => {
      throw thrown
    }
    for (const maxHedge of [1, 2]) await expect(once(throws, { wait: 10, maxHedge }).catch((error: unknown) => [error])).resolves.toEqual([thrown])
  })

  test('an error of the strategy ends the hedge', async () => {
    const operation = service({ after: 1_000 })
    const broken = failure('strategy')
    const seen = outcome(once(operation, { wait: () => { throw broken } }))
    await vi.advanceTimersByTimeAsync(0)
    expect(seen).toEqual({ at: 0, error: broken })
    expect(operation.reasons()[0]).toBeInstanceOf(HedgeLostError)
  })

  test.each([NaN, -1, 'x' as any])('a strategy that says %s ends the hedge with what is wrong', async (wait) => {
    const seen = outcome(once(service({ after: 100 }), { wait: () => wait }))
    await vi.advanceTimersByTimeAsync(0)
    expect(seen.error.message).toMatch(/^wait must be a number of 0 or more; got /)
  })
})

describe('losers', () => {
  test('RT-29: are aborted with a reason of our own, and the winner is not', async () => {
    const operation = service({ after: 1_000 }, { after: 50 }, { after: 1_000 })
    const promise = once(operation, { wait: 20 })
    await vi.advanceTimersByTimeAsync(70)
    await promise
    expect(operation.reasons()).toEqual([expect.any(HedgeLostError), undefined, expect.any(HedgeLostError)])
    expect((operation.reasons()[0] as HedgeLostError).retryable).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('RT-29: their late rejections are handled', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const operation = service({ after: 300, deaf: true, fails: failure('late') }, { after: 10 })
    const promise = once(operation, { wait: 20 })
    await vi.advanceTimersByTimeAsync(400)
    await promise
    vi.useRealTimers()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
    vi.useFakeTimers()
  })

  test('RT-29: their late values are handed to onDiscard, also after a failure', async () => {
    const onDiscard = vi.fn()
    const operation = service({ after: 300, deaf: true, value: 'connection' }, { after: 10 })
    void once(operation, { wait: 20, maxHedge: 2, onDiscard })
    await vi.advanceTimersByTimeAsync(300)
    expect(onDiscard.mock.calls).toEqual([['connection']])

    onDiscard.mockClear()
    const seen = outcome(once(service({ after: 300, deaf: true, value: 'late' }), { wait: 20, maxHedge: 2, timeout: 100, onDiscard }))
    await vi.advanceTimersByTimeAsync(400)
    expect(seen.error).toBeInstanceOf(TimeoutError)
    expect(onDiscard.mock.calls).toEqual([['late'], ['late']])
  })

  test('what onDiscard throws is reported and changes nothing', async () => {
    const report = vi.fn()
    vi.stubGlobal('reportError', report)
    const onDiscard = () => {
      throw failure('close')
    }
    const seen = outcome(once(service({ after: 300, deaf: true }, { after: 1 }), { wait: 20, maxHedge: 2, onDiscard }))
    await vi.advanceTimersByTimeAsync(300)
    vi.unstubAllGlobals()
    expect(seen.value).toBe('copy 2')
    expect(report).toHaveBeenCalledTimes(1)
  })
})

describe('cut short', () => {
  test('by its timeout: all copies are aborted with the TimeoutError it rejects with', async () => {
    const operation = service({ after: 1_000, deaf: true })
    const seen = outcome(once(operation, { wait: 40, timeout: 100 }))
    await vi.advanceTimersByTimeAsync(100)
    expect(seen.at).toBe(100)
    expect(seen.error).toBeInstanceOf(TimeoutError)
    expect(operation.reasons()).toEqual([seen.error, seen.error, seen.error])
    expect(vi.getTimerCount()).toBe(3) // the deaf copies' own
    await vi.advanceTimersByTimeAsync(1_000)
  })

  test('by a timeout() around it', async () => {
    const operation = service({ after: 1_000 })
    const seen = outcome(retry(operation, { maxTries: 1, use: [timeout(100), hedging({ wait: 40 })] }))
    await vi.advanceTimersByTimeAsync(100)
    expect(operation.reasons()).toEqual([seen.error, seen.error, seen.error])
  })

  test('by its caller: all copies and the call get the identical reason, and no timer is left', async () => {
    const controller = new AbortController()
    const operation = service({ after: 1_000 })
    const seen = outcome(once(operation, { wait: 40, timeout: 500 }, { signal: controller.signal }))
    await vi.advanceTimersByTimeAsync(50)
    const reason = failure('leaving')
    controller.abort(reason)
    expect(operation.reasons()).toEqual([reason, reason])
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(0)
    expect(seen).toEqual({ at: 50, error: reason })
    await vi.advanceTimersByTimeAsync(500)
    expect(operation.log).toHaveLength(2)
  })

  test('in the turn in which it began', async () => {
    const controller = new AbortController()
    const operation = service({ after: 1_000 })
    const seen = outcome(once(operation, { wait: 40 }, { signal: controller.signal }))
    controller.abort('now')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(seen).toEqual({ at: 0, error: 'now' })
    expect(operation.reasons()).toEqual(['now'])
  })

  test('by maxTime', async () => {
    const operation = service({ after: 1_000 })
    const seen = outcome(once(operation, { wait: 40 }, { maxTime: 100 }))
    await vi.advanceTimersByTimeAsync(100)
    expect(seen.error).toBeInstanceOf(TimeoutError)
    expect(operation.reasons()).toEqual([seen.error, seen.error, seen.error])
  })
})

describe('events', () => {
  test('onHedge is told before each further copy, not before the first', async () => {
    const order: unknown[] = []
    const operation = service({ after: 100 })
    const onHedge = ({ copy, tries, name }: HedgeDetails) => order.push([copy, tries, name, operation.log.length])
    const promise = once(operation, { wait: 10, onHedge }, { name: 'fetch' })
    await vi.advanceTimersByTimeAsync(100)
    await promise
    expect(order).toEqual([[2, 1, 'fetch', 1], [3, 1, 'fetch', 2]])
  })

  test('a copy waits for the promise that onHedge returns, but the first may win meanwhile', async () => {
    const operation = service({ after: 100 })
    const onHedge = vi.fn(() => sleep(30))
    const seen = outcome(once(operation, { wait: 20, onHedge }))
    await vi.advanceTimersByTimeAsync(130)
    expect(operation.starts()).toEqual([0, 50])
    expect(onHedge).toHaveBeenCalledTimes(2)
    expect(seen).toEqual({ at: 100, value: 'copy 1' })
  })

  test('a deadline holds although onHedge never answers', async () => {
    const seen = outcome(once(service({ fails: failure('x') }), { wait: 20, timeout: 100, onHedge: () => new Promise(() => {}) }))
    await vi.advanceTimersByTimeAsync(100)
    expect(seen.error).toBeInstanceOf(TimeoutError)
  })

  test.each([
    ['throws', () => { throw failure('handler') }],
    ['rejects', () => Promise.reject(failure('handler'))],
  ])('what onHedge %s ends the hedge', async (_, onHedge) => {
    const operation = service({ after: 100 })
    const seen = outcome(once(operation, { wait: 10, onHedge }))
    await vi.advanceTimersByTimeAsync(100)
    expect([seen.at, seen.error.message, operation.log.length]).toEqual([10, 'handler', 1])
  })

  test('plugins are told of further copies, and of the winner when there was a race', async () => {
    const told: unknown[] = []
    const watcher: Plugin = {
      onHedge: ({ copy, name }) => told.push(['hedge', copy, name]),
      onHedgeWin: ({ copy, name }) => told.push(['win', copy, name]),
    }
    const run = async (...plan: Copy[]) => {
      told.length = 0
      void retry(service(...plan), { name: 'n', use: [watcher, hedging({ wait: 10, maxHedge: 2 })] })
      await vi.advanceTimersByTimeAsync(100)
      return [...told]
    }
    expect(await run({ after: 5 })).toEqual([])
    expect(await run({ after: 50 }, { after: 5 })).toEqual([['hedge', 2, 'n'], ['win', 2, 'n']])
    expect(await run({ after: 12 }, { after: 50 })).toEqual([['hedge', 2, 'n'], ['win', 1, 'n']])
  })

  test('plugins of the process are told too', async () => {
    const onHedge = vi.fn()
    const undo = use({ onHedge })
    void once(service({ after: 15 }), { wait: 10 })
    await vi.advanceTimersByTimeAsync(15)
    undo()
    expect(onHedge).toHaveBeenCalledTimes(1)
  })
})

describe('in a retry', () => {
  test('each attempt is hedged', async () => {
    const operation = service({ fails: failure('1') }, { fails: failure('2') }, { after: 100 }, { after: 5 })
    const seen = outcome(retry(operation, { maxTries: 2, wait: 1_000, jitter: null, use: [hedging({ wait: 10, maxHedge: 2 })] }))
    await vi.advanceTimersByTimeAsync(2_000)
    expect(operation.starts()).toEqual([0, 0, 1_000, 1_010])
    expect(operation.log.map(({ attempt }) => attempt.tries)).toEqual([1, 1, 2, 2])
    expect(seen).toEqual({ at: 1_015, value: 'copy 4' })
  })

  test('around a retry each copy retries by itself', async () => {
    const operation = service({ after: 500 }, { fails: failure('x') }, { after: 5 })
    const copy = ({ signal }: Attempt) => retry(operation, { signal, maxTries: 2, wait: 20, jitter: null })
    const seen = outcome(once(copy, { wait: 100, maxHedge: 2 }))
    await vi.advanceTimersByTimeAsync(500)
    expect(operation.starts()).toEqual([0, 100, 120])
    expect(seen).toEqual({ at: 125, value: 'copy 3' })
    expect(operation.reasons()[0]).toBeInstanceOf(HedgeLostError)
  })

  test('RT-36: one plugin serves many calls at once', async () => {
    const plugin = hedging({ wait: 10, maxHedge: 2 })
    const operations = Array.from({ length: 20 }, (_, i) => service({ after: 100 }, { after: i }))
    const all = Promise.all(operations.map((operation) => retry(operation, { use: [plugin] })))
    await vi.advanceTimersByTimeAsync(200)
    await expect(all).resolves.toEqual(Array(20).fill('copy 2'))
  })

  test('synchronously: the first copy is the answer, and a failure starts the next', () => {
    const operation = vi.fn(() => 7)
    expect(retrySync(operation, { use: [hedging({ wait: 10 })] })).toBe(7)
    expect(operation).toHaveBeenCalledTimes(1)
    operation.mockImplementationOnce(() => { throw failure('once') })
    expect(retrySync(operation, { maxTries: 1, use: [hedging({ wait: 0 })] })).toBe(7)
    expect(() => retrySync(() => { throw failure('x') }, { maxTries: 1, use: [hedging({ wait: 10 })] })).toThrow('x')
  })

  test('disabled runs one copy', async () => {
    const off = disable()
    const operation = service({ after: 100 })
    const seen = outcome(once(operation, { wait: 0 }))
    off()
    await vi.advanceTimersByTimeAsync(100)
    expect([operation.log.length, seen.value]).toEqual([1, 'copy 1'])
  })
})

describe('maxExtraLoad', () => {
  /** Makes slow calls one after the other, `every` ms apart, and says how many copies each had. */
  const copiesOf = async (calls: number, every: number, plugin: Plugin): Promise<number[]> => {
    const operations = Array.from({ length: calls }, () => service({ after: 50, value: 1 }))
    for (const operation of operations) {
      void retry(operation, { use: [plugin] })
      await vi.advanceTimersByTimeAsync(every)
    }
    await vi.advanceTimersByTimeAsync(100)
    return operations.map(({ log }) => log.length)
  }
  const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0)

  test('RT-31: spent, the first copy runs on alone and decides', async () => {
    const copies = await copiesOf(3, 100, hedging({ wait: 10, maxExtraLoad: 0 }))
    expect(copies).toEqual([1, 1, 1])
    const operation = service({ after: 30, fails: failure('alone') })
    const seen = outcome(once(operation, { wait: 10, maxExtraLoad: 0 }))
    await vi.advanceTimersByTimeAsync(30)
    expect([seen.error.message, operation.log.length]).toEqual(['alone', 1])
  })

  test.each([
    ['one call a minute', 60_000, 0.02, 200],
    ['ten calls a second', 100, 0.05, 200],
    ['a share that does not add up in binary', 100, 0.1, 10],
    ['10,000 calls a second', 0.1, 0.05, 1_000],
  ])('allows its share at %s, and never more', async (_, every, maxExtraLoad, calls) => {
    const copies = await copiesOf(calls, every, hedging({ wait: 10, maxHedge: 2, maxExtraLoad }))
    const extra = sum(copies) - calls
    expect(extra).toBe(calls * maxExtraLoad)
    for (let i = 1; i <= calls; i++) expect(sum(copies.slice(0, i)) - i).toBeLessThanOrEqual(i * maxExtraLoad + 1e-6 + (every < 50 ? extra : 0))
  })

  test('saves at most ten copies, and an idle hour earns none', async () => {
    const plugin = hedging({ wait: 10, maxHedge: 2, maxExtraLoad: 0.5 })
    for (let i = 0; i < 1_000; i++) await retry(async () => 1, { use: [plugin] })
    await vi.advanceTimersByTimeAsync(3_600_000)
    const copies = await copiesOf(40, 0.01, plugin)
    expect(sum(copies) - 40).toBeLessThanOrEqual(10 + 20)
    expect(sum(copies) - 40).toBeGreaterThanOrEqual(10)
  })

  test('who was refused asks again after each further wait', async () => {
    const plugin = hedging({ wait: 10, maxHedge: 2, maxExtraLoad: 0.5 })
    const operation = service({ after: 100 }, { after: 1 })
    const seen = outcome(retry(operation, { use: [plugin] }))
    await vi.advanceTimersByTimeAsync(15)
    await retry(async () => 1, { use: [plugin] })
    await vi.advanceTimersByTimeAsync(85)
    expect(operation.starts()).toEqual([0, 20])
    expect(seen.at).toBe(21)
  })
})

test('who asks for the first time leaves the last copy saved alone, and asks again', async () => {
  const plugin = hedging({ wait: 10, maxHedge: 2, maxExtraLoad: 1 })
  const operation = service({ after: 100 })
  void retry(operation, { use: [plugin] })
  await vi.advanceTimersByTimeAsync(100)
  expect(operation.starts()).toEqual([0, 20])
})

test('all of it runs on a forced clock', async () => {
  const due: (() => void)[] = []
  const clear = vi.fn()
  const undo = override({ clock: { now: () => 0, setTimeout: (callback) => due.push(callback), clearTimeout: clear } })
  let answer: ((value: unknown) => void) | undefined
  let copies = 0
  const promise = once(() => new Promise((resolve) => { copies++; answer ??= resolve }), { wait: 10, maxHedge: 2 })
  undo()
  await Promise.resolve()
  due[0]!()
  expect(copies).toBe(2)
  answer!('done')
  await expect(promise).resolves.toBe('done')
  expect(clear).toHaveBeenCalled()
})

test.each([
  [{ wait: -1 }, RangeError, '-1'],
  [{ wait: NaN }, RangeError, 'NaN'],
  [{ wait: 'soon' }, TypeError, 'soon'],
  [{ wait: '100' }, TypeError, /^wait must be .*did you mean 100\?/],
  [{ wait: [10, -1] }, RangeError, '-1'],
  [{ maxHedge: 0 }, RangeError, 'maxHedge must be an integer of 1 or more; got 0'],
  [{ maxHedge: 1.5 }, RangeError, 'maxHedge'],
  [{ maxHedge: '2' }, TypeError, 'maxHedge'],
  [{ timeout: -1 }, RangeError, 'timeout'],
  [{ maxExtraLoad: -0.1 }, RangeError, 'maxExtraLoad must be a number of 0 or more'],
  [{ maxExtraLoad: '5 %' }, TypeError, 'maxExtraLoad'],
  [{ onHedge: 1 }, RangeError, 'onHedge'],
  [{ onDiscard: 'x' }, TypeError, 'onDiscard'],
])('refuses %o when it is given', (options, type, message) => {
  expect(() => hedging(options as any)).toThrow(type)
  expect(() => hedging(options as any)).toThrow(message)
})

test('RT-13: explicit undefined is absent', async () => {
  const operation = service({ after: 10 })
  const seen = outcome(once(operation, { wait: undefined, maxHedge: undefined, timeout: undefined, maxExtraLoad: undefined, onHedge: undefined, onDiscard: undefined }))
  await vi.advanceTimersByTimeAsync(10)
  expect(seen.value).toBe('copy 1')
})
