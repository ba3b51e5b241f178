import { AsyncLocalStorage } from 'node:async_hooks'
import { type Attempt, fork, override, type Plugin, retry, retryAfter, retrySync, timeout, TimeoutError, use } from '@backon/core'
import { levels } from '@backon/core/kit'
import { hedging } from '@backon/hedge'
import { randomFrom } from '@backon/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Gate, gate, type Hands, hands, idle } from '../test/time.ts'
import { aimd } from './aimd.ts'
import { RetryBudget } from './budget.ts'
import { LimitError } from './errors.ts'
import type { LimitEvent } from './hooks.ts'
import { type Limit, limit } from './limit.ts'
import { Limits } from './limits.ts'
import type { Slots } from './queue.ts'
import { throttle } from './throttle.ts'

let time: Hands
let undo: () => void
beforeEach(() => {
  time = hands()
  undo = override({ clock: time })
})
afterEach(() => undo())

/** Starts calls that run until told; says which have started, and lets them end. */
const calls = (limited: Limit) => {
  const started: number[] = []
  const gates: Gate[] = []
  const call = (id: number, run = (fn: () => unknown): Promise<unknown> => limited.call(fn)): Promise<unknown> => {
    gates[id] = gate()
    const result = run(() => {
      started.push(id)
      return gates[id]!.promise
    })
    result.catch(() => {})
    return result
  }
  return { started, gates, call }
}
const counts = ({ running, queued }: Limit): number[] => [running, queued]
const once = { maxTries: 1 }

describe('concurrency', () => {
  test('runs so many at once, and refuses the rest where nobody may wait', async () => {
    const api = limit({ name: 'api', concurrency: 2 })
    const { call, gates, started } = calls(api)
    void call(0)
    void call(1)
    const error = await api.call(() => 1).catch((error) => error)
    expect(error).toMatchObject({ name: 'LimitError', message: 'limit "api" is reached: 2 running, 0 waiting', limit: 'api', refused: true, refusedBy: 'limit' })
    expect([error instanceof LimitError, 'retryAfter' in error, 'retryable' in error]).toEqual([true, false, false])
    gates[0]!.resolve()
    await idle()
    void call(2)
    expect([started, counts(api)]).toEqual([[0, 1, 2], [2, 0]])
  })

  test('lets the others wait, first come, first served', async () => {
    const api = limit({ concurrency: 1, queue: 3 })
    const { call, gates, started } = calls(api)
    const all = [0, 1, 2, 3, 4].map((id) => call(id))
    expect(counts(api)).toEqual([1, 3])
    await expect(all[4]).rejects.toThrow('limit "" is reached: 1 running, 3 waiting')
    for (const id of [0, 1, 2, 3]) {
      gates[id]!.resolve(id)
      expect(await all[id]).toBe(id)
      await idle()
    }
    expect([started, counts(api), time.pending]).toEqual([[0, 1, 2, 3], [0, 0], 0])
  })

  test('a newcomer does not overtake who waits, even when a slot has just been given back', async () => {
    const api = limit({ concurrency: 1, queue: 5 })
    const { call, gates, started } = calls(api)
    void call(0)
    void call(1)
    gates[0]!.resolve()
    await gates[0]!.promise
    void call(2)
    await idle()
    gates[1]!.resolve()
    await idle()
    expect(started).toEqual([0, 1, 2])
  })

  test.each<[string, () => unknown]>([
    ['throws', () => { throw new Error('boom') }],
    ['rejects', () => Promise.reject(new Error('boom'))],
    ['is a thenable that rejects', () => ({ then: (_: unknown, no: (error: Error) => void) => no(new Error('boom')) })],
    ['is a thenable that throws', () => ({ then: () => { throw new Error('boom') } })],
    ['throws when it is looked at', () => ({ get then() { throw new Error('boom') } })],
  ])('gives the slot back when the operation %s', async (_, operation) => {
    const api = limit({ concurrency: 1 })
    await expect(api.call(operation)).rejects.toThrow('boom')
    await expect(retry(operation, { ...once, use: [api] })).rejects.toThrow('boom')
    expect(counts(api)).toEqual([0, 0])
  })

  test('a synchronous call is refused where it would have to wait', async () => {
    const api = limit({ concurrency: 1, queue: 5 })
    const { call, gates } = calls(api)
    expect(api.callSync((a: number) => a + 1, 1)).toBe(2)
    void call(0)
    expect(() => api.callSync(() => 1)).toThrow(LimitError)
    gates[0]!.resolve()
    await idle()
    expect([api.callSync(() => counts(api)), counts(api)]).toEqual([[1, 0], [0, 0]])
    expect(retrySync(() => 1, { use: [api] })).toBe(1)
  })

  test('so is a synchronous retry, which may retry that', async () => {
    const api = limit({ concurrency: 1, queue: 5 })
    const { call } = calls(api)
    const run = vi.fn()
    const refused: unknown[] = []
    void call(0)
    expect(() => retrySync(run, { maxTries: 2, wait: 0, use: [api], onBackoff: ({ exception }) => void refused.push(exception) })).toThrow(LimitError)
    await idle()
    expect([run.mock.calls.length, refused.length, counts(api)]).toEqual([0, 1, [1, 0]])
  })

  test('ten thousand synchronous operations that wait do not overflow the stack', async () => {
    const api = limit({ concurrency: 1, queue: Infinity })
    const { call, gates } = calls(api)
    void call(0)
    let runs = 0
    const all = Array.from({ length: 10_000 }, () => api.call(() => runs++))
    gates[0]!.resolve()
    await Promise.all(all)
    expect([runs, counts(api)]).toEqual([10_000, [0, 0]])
  })

  test('who waits keeps the context it came with', async () => {
    const context = new AsyncLocalStorage<string>()
    const api = limit({ concurrency: 1, queue: 5 })
    const { call, gates } = calls(api)
    void context.run('first', () => call(0))
    const second = context.run('second', () => api.call(() => context.getStore()))
    gates[0]!.resolve()
    expect(await second).toBe('second')
  })
})

describe('an abort', () => {
  test('lets who waits leave alone, at once, with the identical reason; the others keep their order', async () => {
    const api = limit({ concurrency: 1, queue: 9 })
    const { call, gates, started } = calls(api)
    const controllers = [0, 1, 2, 3].map(() => new AbortController())
    const all = controllers.map(({ signal }, id) => call(id, (fn) => retry(fn, { signal, use: [api] })))
    const reason = {}
    controllers[2]!.abort(reason)
    await expect(all[2]).rejects.toBe(reason)
    expect(counts(api)).toEqual([1, 2])
    gates[0]!.resolve()
    await idle()
    gates[1]!.resolve()
    await idle()
    expect(started).toEqual([0, 1, 3])
  })

  test('gives the slot of an operation that ignores it back at once, and only once', async () => {
    const api = limit({ concurrency: 1, queue: 9 })
    const { call, gates, started } = calls(api)
    const controller = new AbortController()
    void call(0, (fn) => retry(fn, { signal: controller.signal, use: [api] }))
    void call(1)
    void call(2)
    controller.abort()
    await idle()
    expect([started, counts(api)]).toEqual([[0, 1], [1, 1]])
    gates[0]!.resolve()
    await idle()
    expect(counts(api)).toEqual([1, 1])
  })

  test('with release: settled keeps it until the operation has really ended', async () => {
    const api = limit({ concurrency: 1, queue: 9, release: 'settled' })
    const { call, gates, started } = calls(api)
    const controller = new AbortController()
    void call(0, (fn) => retry(fn, { signal: controller.signal, use: [api] }))
    void call(1)
    controller.abort()
    await idle()
    expect([started, counts(api)]).toEqual([[0], [1, 1]])
    gates[0]!.reject(new Error('late'))
    await idle()
    expect([started, counts(api)]).toEqual([[0, 1], [1, 0]])
  })

  test.each([undefined, 'settled'] as const)('between its turn and its start lets it go without having run (release: %s)', async (release) => {
    const api = limit({ concurrency: 1, queue: 9, release })
    const { call, gates, started } = calls(api)
    const controller = new AbortController()
    void call(0)
    const second = call(1, (fn) => retry(fn, { signal: controller.signal, use: [api] }))
    void call(2)
    // The slot is handed on in the microtasks after the first has settled; the abort comes in each of them in turn.
    gates[0]!.resolve()
    while (api.queued > 1) await Promise.resolve()
    controller.abort('gone')
    await expect(second).rejects.toBe('gone')
    await idle()
    expect([started, counts(api)]).toEqual([[0, 2], [1, 0]])
  })

  test('by a handler of onLimitWait is one too', async () => {
    const api = limit({ concurrency: 1, queue: 9, onLimitWait: () => controller.abort('gone') })
    const controller = new AbortController()
    const { call } = calls(api)
    void call(0)
    await expect(retry(() => 1, { signal: controller.signal, use: [api] })).rejects.toBe('gone')
    expect(counts(api)).toEqual([1, 0])
  })

  test('of a thousand that wait leaves no timer', async () => {
    const api = limit({ concurrency: 1, queue: Infinity, maxWait: 1e9, rate: { calls: 1, per: 1_000 } })
    const { call } = calls(api)
    const controller = new AbortController()
    void call(0)
    const all = Array.from({ length: 1_000 }, () => retry(() => 1, { ...once, signal: controller.signal, use: [api] }).catch((error) => error))
    controller.abort('all')
    expect(new Set(await Promise.all(all))).toEqual(new Set(['all']))
    expect([counts(api), time.pending]).toEqual([[1, 0], 0])
  })
})

describe('maxWait', () => {
  test('bounds the wait for a slot', async () => {
    const api = limit({ concurrency: 1, queue: 9, maxWait: 500 })
    const { call, gates, started } = calls(api)
    void call(0)
    const late = call(1)
    await time.pass(400)
    void call(2)
    await time.pass(99)
    expect(counts(api)).toEqual([1, 2])
    await time.pass(1)
    await expect(late).rejects.toThrow(new LimitError('', 'is reached: 1 running, 1 waiting'))
    gates[0]!.resolve()
    await idle()
    expect([started, counts(api), time.pending]).toEqual([[0, 2], [1, 0], 0])
  })

  test('who has waited in vain hears when a call of now would start', async () => {
    const api = limit({ concurrency: 1, rate: { calls: 1, per: 200 }, queue: 9, maxWait: 300 })
    const { call } = calls(api)
    void call(0)
    const late = api.call(() => 1).catch((error) => error)
    await time.pass(100)
    void call(2)
    await time.pass(200)
    expect(await late).toMatchObject({ name: 'LimitError', retryAfter: 200 })
  })

  test('ends when its timer says so, whatever the clock says: it may have gone back', async () => {
    time.set(3_600_000)
    const api = limit({ concurrency: 1, queue: 9, maxWait: 500, maxHold: 9_000 })
    const { call } = calls(api)
    void call(0)
    const late = api.call(() => 1).catch((error) => error)
    await idle()
    time.turnBack(3_600_000)
    await time.pass(500)
    expect([(await late).name, counts(api), time.pending]).toEqual(['LimitError', [1, 0], 0])
  })

  test('refuses at once who is known to wait longer for the rate, and says how long', async () => {
    const api = limit({ name: 'api', rate: { calls: 1, per: 1_000 }, queue: 9, maxWait: 1_500 })
    void api.call(() => 1)
    const second = api.call(() => time.now())
    const third = await api.call(() => 3).catch((error) => error)
    expect([third.message, third.retryAfter]).toEqual(['limit "api" is reached: 0 running, 1 waiting, next start in 2000 ms', 2_000])
    await time.pass(1_000)
    expect([await second, time.pending]).toEqual([1_000, 0])
  })

  test('of just as long as the rate asks for is enough', async () => {
    const api = limit({ rate: { calls: 1, per: 1_000 }, queue: 9, maxWait: 1_000 })
    void api.call(() => 1)
    const second = api.call(() => time.now())
    await time.pass(1_000)
    expect(await second).toBe(1_000)
  })

  test('nobody sets a timer who waits for a slot alone', async () => {
    const api = limit({ concurrency: 1, queue: 9 })
    const { call } = calls(api)
    void call(0)
    void call(1)
    await idle()
    expect([counts(api), time.pending]).toEqual([[1, 1], 0])
  })

  test('nor does who has waited long enough for the rate, and waits for a slot', async () => {
    const api = limit({ concurrency: 1, rate: { calls: 1, per: 100 }, queue: 9 })
    const { call } = calls(api)
    void call(0)
    void call(1)
    await time.pass(99)
    expect(time.pending).toBe(1)
    await time.pass(1)
    expect([counts(api), time.pending]).toEqual([[1, 1], 0])
  })

  test('a deadline that is nearer than the wait for the rate refuses at once; a wait that nobody knows is cut off by it', async () => {
    const api = limit({ rate: { calls: 1, per: 1_000 }, concurrency: 1, queue: 9 })
    const { call } = calls(api)
    void call(0)
    await expect(retry(() => 1, { ...once, maxTime: 1_000, use: [api] })).rejects.toMatchObject({ retryAfter: 1_000 })
    const waits = retry(() => 1, { ...once, maxTime: 5_000, use: [timeout(9_000), api] }).catch((error) => error)
    await time.pass(5_000)
    expect([(await waits) instanceof TimeoutError, counts(api), time.pending]).toEqual([true, [1, 0], 0])
  })
})

describe('maxHold', () => {
  test('takes back at the next call what has been held longer', async () => {
    const api = limit({ concurrency: 1, maxHold: 1_000 })
    const { call, gates, started } = calls(api)
    void call(0)
    await time.pass(999)
    await expect(call(1)).rejects.toThrow(LimitError)
    await time.pass(1)
    void call(2)
    expect([started, counts(api)]).toEqual([[0, 2], [1, 0]])
    gates[0]!.resolve()
    await idle()
    expect(counts(api)).toEqual([1, 0])
  })

  test('those who wait find out by themselves, and no timer runs while nobody does', async () => {
    const api = limit({ concurrency: 1, queue: 9, maxHold: 1_000 })
    const { call, started } = calls(api)
    void call(0)
    expect(time.pending).toBe(0)
    await time.pass(300)
    void call(1)
    void call(2)
    await time.pass(700)
    expect([started, counts(api)]).toEqual([[0, 1], [1, 1]])
    await time.pass(1_000)
    expect([started, time.pending]).toEqual([[0, 1, 2], 0])
  })
})

describe('rate', () => {
  const startsOf = async (rate: { calls: number; per: number; burst?: number }, arrivals: readonly number[]): Promise<number[]> => {
    const api = limit({ rate, queue: Infinity })
    const starts: number[] = []
    for (const at of arrivals) {
      await time.pass(at - time.now())
      void api.call(() => void starts.push(time.now()))
    }
    await time.pass(1e6)
    expect([counts(api), time.pending]).toEqual([[0, 0], 0])
    return starts
  }

  test.each<[string, { calls: number; per: number; burst?: number }, number[], number[]]>([
    ['so many at once, the rest when the first is a period old', { calls: 3, per: 1_000 }, [0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 1_000, 1_000, 1_000, 2_000]],
    ['any period, not each one by the clock', { calls: 2, per: 1_000 }, [900, 950, 1_000, 1_050], [900, 950, 1_900, 1_950]],
    ['a burst of 1 spaces them evenly', { calls: 4, per: 1_000, burst: 1 }, [0, 0, 0, 0, 0, 0], [0, 250, 500, 750, 1_000, 1_250]],
    ['a burst of 2 of 4', { calls: 4, per: 1_000, burst: 2 }, [0, 0, 0, 0, 0], [0, 0, 500, 500, 1_000]],
    ['an idle hour saves nothing up', { calls: 1, per: 100 }, [0, 3_600_000, 3_600_000], [0, 3_600_000, 3_600_100]],
  ])('%s', async (_, rate, arrivals, starts) => {
    expect(await startsOf(rate, arrivals)).toEqual(starts)
  })

  test('property: as a naive reference, which looks at all starts there were', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      time.set(0)
      const random = randomFrom(seed)
      const calls = 1 + Math.floor(random() * 6)
      const rate = { calls, per: 1 + Math.floor(random() * 1_000), burst: 1 + Math.floor(random() * calls) }
      let at = 0
      const arrivals = Array.from({ length: 30 }, () => (at += Math.floor(random() < 0.5 ? 0 : random() * rate.per)))
      const naive: number[] = []
      for (const arrival of arrivals) {
        let start = Math.max(arrival, naive.at(-1) ?? 0)
        for (const size of [rate.calls, rate.burst]) {
          const earlier = naive.at(-size)
          if (earlier !== undefined) start = Math.max(start, earlier + (rate.per * size) / rate.calls)
        }
        naive.push(start)
      }
      const starts = await startsOf(rate, arrivals)
      expect(starts.map((one) => Math.round(one * 1e6)), `seed ${seed}`).toEqual(naive.map((one) => Math.round(one * 1e6)))
      starts.forEach((start, i) => expect(starts.filter((one) => one >= start && one < start + rate.per - 1e-6).length, `start ${i} of seed ${seed}`).toBeLessThanOrEqual(rate.calls))
    }
  })

  test('what a refusal says is when it would have started: a retry that waits so long gets through', async () => {
    const api = limit({ rate: { calls: 2, per: 1_000 } })
    const starts: number[] = []
    const all = [0, 1, 2].map(() => retry(() => void starts.push(time.now()), { wait: retryAfter(), maxTries: 2, use: [api] }))
    await time.pass(1_000)
    await Promise.all(all)
    expect(starts).toEqual([0, 0, 1_000])
  })

  test('who leaves gives its place to those behind: they start when it would have', async () => {
    const api = limit({ rate: { calls: 1, per: 1_000 }, queue: 9 })
    const controller = new AbortController()
    const starts: number[] = []
    const start = (signal?: AbortSignal) => retry(() => void starts.push(time.now()), { ...once, signal, use: [api] }).catch(() => {})
    void start()
    void start(controller.signal)
    void start()
    void start()
    await time.pass(500)
    controller.abort()
    await time.pass(500)
    // One still waits, and the timers that were meant for later starts are gone.
    expect([starts, time.pending]).toEqual([[0, 1_000], 1])
    await time.pass(8_500)
    expect([starts, time.pending]).toEqual([[0, 1_000, 2_000], 0])
  })

  test('who is further back starts as long after an earlier start as the rate asks for, and a refusal says so', async () => {
    const api = limit({ rate: { calls: 3, per: 300 }, queue: 2 })
    const starts: number[] = []
    const start = (): Promise<unknown> => api.call(() => void starts.push(time.now()))
    for (const pause of [100, 100, 0]) {
      void start()
      await time.pass(pause)
    }
    void start()
    void start()
    await expect(start()).rejects.toMatchObject({ retryAfter: 300 })
    await time.pass(300)
    expect(starts).toEqual([0, 100, 200, 300, 400])
  })

  test('and concurrency together: both must allow it', async () => {
    const api = limit({ concurrency: 1, rate: { calls: 2, per: 1_000 }, queue: 9 })
    const { call, gates, started } = calls(api)
    for (const id of [0, 1, 2, 3]) void call(id)
    await time.pass(100)
    expect(started).toEqual([0])
    gates[0]!.resolve()
    await idle()
    expect(started).toEqual([0, 1])
    gates[1]!.resolve()
    await time.pass(899)
    expect([started, counts(api)]).toEqual([[0, 1], [0, 2]])
    await time.pass(1)
    expect(started).toEqual([0, 1, 2])
    await time.pass(5_000)
    expect(started).toEqual([0, 1, 2])
    gates[2]!.resolve()
    await idle()
    expect([started, time.pending]).toEqual([[0, 1, 2, 3], 0])
  })

  test('a clock that goes back delays nobody for longer than a period', async () => {
    time.set(3_600_000)
    const api = limit({ rate: { calls: 2, per: 1_000 } })
    await api.call(() => 1)
    time.set(3_600_400)
    await api.call(() => 2)
    time.set(0)
    expect(await api.call(() => 3).catch(({ retryAfter }) => retryAfter)).toBe(600)
    await time.pass(600)
    expect(await api.call(() => 4)).toBe(4)
  })

  test('who waits sleeps on a timer of its own, and none runs while nobody waits', async () => {
    const api = limit({ rate: { calls: 1, per: 1_000 }, queue: 9 })
    await api.call(() => 1)
    expect(time.pending).toBe(0)
    void api.call(() => 2)
    void api.call(() => 3)
    await idle()
    expect(time.pending).toBe(2)
  })

  test('a timer that is lost holds up nobody but its own call: the next call lets those start whose time has come', async () => {
    const api = limit({ rate: { calls: 1, per: 1_000 }, queue: 9 })
    await api.call(() => 1)
    let lost = false
    void api.call(() => (lost = true))
    await idle()
    time.drop()
    time.set(5_000)
    const next = api.call(() => time.now())
    await idle()
    expect(lost).toBe(true)
    await time.pass(1_000)
    expect(await next).toBe(6_000)
  })

  test('those behind the first set their timers once, not at each start', async () => {
    const api = limit({ rate: { calls: 1, per: 10 }, queue: Infinity })
    for (let call = 0; call < 100; call++) void api.call(() => 1)
    await time.pass(10_000)
    expect(counts(api)).toEqual([0, 0])
    expect(time.armed).toBeLessThan(250)
  })

  test('a timer that comes a little early starts nobody early, and is set again', async () => {
    const early = hands(0.5)
    const off = override({ clock: early })
    const api = limit({ rate: { calls: 1, per: 10 }, queue: 9 })
    const starts: number[] = []
    for (let call = 0; call < 3; call++) void api.call(() => void starts.push(early.now()))
    await early.pass(100)
    off()
    expect(starts.length).toBe(3)
    starts.forEach((start, i) => expect(start).toBeGreaterThanOrEqual(i * 10))
  })

  test('waits longer than a timer holds', async () => {
    const api = limit({ rate: { calls: 1, per: 2 ** 32 }, queue: 1 })
    await api.call(() => 1)
    let late: number | undefined
    void api.call(() => (late = time.now()))
    await time.pass(2 ** 32 - 1)
    expect(late).toBe(undefined)
    await time.pass(1)
    expect(late).toBe(2 ** 32)
  })
})

describe('in a stack', () => {
  test('inside a retry each attempt takes a slot, and none is held in the wait', async () => {
    const api = limit({ concurrency: 1 })
    const seen: number[] = []
    const call = retry(({ tries }) => {
      seen.push(api.running)
      if (tries < 3) throw new Error('down')
    }, { wait: 100, use: [api, { onBackoff: () => void seen.push(api.running) }] })
    await time.pass(1_000)
    await call
    expect(seen).toEqual([1, 0, 1, 0, 1])
  })

  test('around a retry the whole call holds one', async () => {
    const api = limit({ concurrency: 1 })
    const call = api.call(() => retry(({ tries }) => {
      if (tries < 3) throw new Error('down')
    }, { wait: 100 }))
    await time.pass(100)
    expect(counts(api)).toEqual([1, 0])
    await time.pass(100)
    await call
    expect(counts(api)).toEqual([0, 0])
  })

  test('a timeout inside does not count the wait, one outside does', async () => {
    const api = limit({ concurrency: 1, queue: 9 })
    const { call, gates } = calls(api)
    void call(0)
    const inside = retry(() => 'in time', { ...once, use: [api, timeout(100)] })
    const outside = retry(() => 'late', { ...once, use: [timeout(100), api] }).catch((error) => error)
    await time.pass(150)
    gates[0]!.resolve()
    expect([await inside, (await outside) instanceof TimeoutError, counts(api)]).toEqual(['in time', true, [0, 0]])
  })

  test('a further copy of a hedge takes a slot only if one is free', async () => {
    const api = limit({ concurrency: 1, queue: 9 })
    const copy = (number: number): Plugin => ({ wrap: (next) => (attempt) => next(fork(attempt, number)) })
    const { call } = calls(api)
    expect(await retry(() => 'free', { ...once, use: [copy(2), api] })).toBe('free')
    void call(0)
    await expect(retry(() => 1, { ...once, use: [copy(2), api] })).rejects.toThrow(LimitError)
    const first = retry(() => 1, { ...once, use: [copy(1), api] })
    expect(counts(api)).toEqual([1, 1])
    void first
  })

  test('a hedge around it: the copy that lost gives its slot back', async () => {
    const api = limit({ concurrency: 2 })
    let copies = 0
    const call = retry(() => (++copies === 1 ? new Promise(() => {}) : 'second'), { ...once, use: [hedging({ wait: 50, maxHedge: 2 }), api] })
    await time.pass(50)
    expect([await call, copies, counts(api), time.pending]).toEqual(['second', 2, [0, 0], 0])
  })

  test('a call inside one that holds a slot is refused where it would have to wait, with a sentence', async () => {
    const api = limit({ name: 'db', concurrency: 1, queue: 9 })
    const inner = vi.fn()
    await expect(api.call(() => api.call(inner))).rejects.toThrow('limit "db" would wait for itself: this call runs inside one that holds a slot of it')
    expect([inner.mock.calls.length, counts(api)]).toEqual([0, [0, 0]])
    const roomy = limit({ concurrency: 2, queue: 9 })
    expect(await roomy.call(() => roomy.call(() => 1))).toBe(1)
  })

  test('also with another limit in between', async () => {
    const [users, db] = [limit({ name: 'users', concurrency: 1, queue: 9 }), limit({ concurrency: 1, queue: 9 })]
    await expect(users.call(() => db.call(() => users.call(() => 1)))).rejects.toThrow('limit "users" would wait for itself')
  })

  test('what goes on in the background after its call waits as any other', async () => {
    const api = limit({ concurrency: 1, queue: 9 })
    const { call, gates } = calls(api)
    const tick = gate()
    let background: Promise<unknown> | undefined
    await api.call(() => {
      background = tick.promise.then(() => api.call(() => 'later'))
    })
    void call(0)
    tick.resolve()
    await idle()
    expect(counts(api)).toEqual([1, 1])
    gates[0]!.resolve()
    expect(await background).toBe('later')
  })
})

test('hostile errors: what does not let itself be read comes out as it is, and every slot and token is where it belongs', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const api = limit({ concurrency: aimd(), queue: 1 })
  const [budget, users] = [new RetryBudget({ every: Infinity }), throttle()]
  const error = await retry(() => Promise.reject(proxy), { wait: 0, use: [budget, users, api] }).catch((error) => error === proxy)
  expect([error, counts(api), budget.balance, users.requests, users.accepts]).toEqual([true, [0, 0], 1, 3, 0])
})

test('a chain of calls, each started in the background of the last, remembers only those that hold a slot', async () => {
  const run = vi.spyOn(AsyncLocalStorage.prototype, 'run')
  const api = limit({ concurrency: 1, queue: 9 })
  let calls = 0
  const next = (): void => {
    if (calls++ < 20) setImmediate(() => void api.call(next))
  }
  await api.call(next)
  while (calls < 20) await idle()
  await idle()
  expect(new Set(run.mock.calls.map(([store]) => (store as unknown[]).length))).toEqual(new Set([1]))
  run.mockRestore()
})

describe('told', () => {
  test('who waits and who is refused, to its own options and to the plugins of the call', async () => {
    const seen: unknown[] = []
    const told = (who: string) => ({
      onLimitWait: (event: LimitEvent) => void seen.push([who, 'wait', event.limit, event.running, event.queued, event.retryAfter]),
      onLimitReject: (event: LimitEvent) => void seen.push([who, 'reject', event.limit, event.running, event.queued, event.retryAfter]),
    })
    using _ = use(told('process'))
    const api = limit({ name: 'api', concurrency: 1, queue: 1, ...told('own') })
    const { call } = calls(api)
    void call(0)
    void retry(() => 1, { ...once, use: [api, told('call')] })
    await retry(() => 1, { ...once, use: [api, told('call')] }).catch(() => {})
    await api.call(() => 1).catch(() => {})
    expect(seen).toEqual([
      ...['own', 'process', 'call'].map((who) => [who, 'wait', 'api', 1, 1, undefined]),
      ...['own', 'process', 'call'].map((who) => [who, 'reject', 'api', 1, 1, undefined]),
      ...['own', 'process'].map((who) => [who, 'reject', 'api', 1, 1, undefined]),
    ])
  })

  test('with the identity of the call that the records have', async () => {
    const identities = new Set<unknown>()
    const api = limit({ rate: { calls: 1, per: 50 }, onLimitReject: ({ call }) => void identities.add(call) })
    await api.call(() => 1)
    await retry(() => 1, { ...once, use: [api], onGiveup: ({ call }) => void identities.add(call) }).catch(() => {})
    expect(identities.size).toBe(1)
  })

  test('its level is what can be read at any time', async () => {
    const api = limit({ name: 'level of api', concurrency: 1, queue: 2 })
    const { call } = calls(api)
    void call(0)
    void call(1)
    expect(levels().find(({ name }) => name === api.name)).toEqual({ kind: 'limit', name: 'level of api', values: { running: 1, queued: 1 }, severity: 2 })
  })
})

describe('aimd', () => {
  const answer = (api: Limit, value: unknown): Promise<unknown> => api.call(() => (value instanceof Error ? Promise.reject(value) : Promise.resolve(value))).catch(() => {})
  const busy = Object.assign(new Error('busy'), { status: 503 })
  const slots = (api: Limit): number => api._slots.size

  test('grows by one in as many successes as there are slots, but only while all are taken', async () => {
    const api = limit({ concurrency: aimd({ initial: 2, max: 3 }), queue: 99 })
    for (let call = 0; call < 10; call++) await answer(api, 1)
    expect(slots(api)).toBe(2)
    for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 2 }, () => answer(api, 1)))
    expect(slots(api)).toBe(3)
    await Promise.all(Array.from({ length: 50 }, () => answer(api, 1)))
    expect(slots(api)).toBe(3)
  })

  test('of more slots grows more slowly', async () => {
    const api = limit({ concurrency: aimd({ initial: 4 }), queue: 99 })
    await Promise.all(Array.from({ length: 8 }, () => answer(api, 1)))
    expect(slots(api)).toBe(5)
    await Promise.all(Array.from({ length: 8 }, () => answer(api, 1)))
    expect(slots(api)).toBe(5)
  })

  test('may have as many slots at first as it ever has', () => {
    expect(limit({ concurrency: aimd({ min: 5, initial: 5, max: 5 }) })._slots.size).toBe(5)
  })

  test('shrinks on overload and timeouts, once for all that were under way, and on nothing else', async () => {
    const api = limit({ concurrency: aimd({ initial: 10, backoff: 0.5 }), queue: 99 })
    await Promise.all(Array.from({ length: 9 }, () => answer(api, new Error('bug'))))
    expect(slots(api)).toBe(10)
    await Promise.all(Array.from({ length: 9 }, () => answer(api, busy)))
    expect(slots(api)).toBe(5)
    await answer(api, { status: 429 })
    await answer(api, new TimeoutError())
    await answer(api, { response: { status: 503 } })
    await answer(api, busy)
    expect(slots(api)).toBe(1)
  })

  test('an attempt that is aborted by its time has timed out; one that its caller aborts says nothing', async () => {
    const api = limit({ concurrency: aimd({ initial: 4, backoff: 0.5 }) })
    const controller = new AbortController()
    const aborted = retry(() => new Promise(() => {}), { signal: controller.signal, use: [api] }).catch(() => {})
    controller.abort()
    await aborted
    expect(slots(api)).toBe(4)
    const late = retry(() => new Promise(() => {}), { ...once, use: [timeout(100), api] }).catch(() => {})
    await time.pass(100)
    await late
    expect(slots(api)).toBe(2)
  })

  test.each(['size', 'begin', 'end'] as const)('a rule whose %s throws fails those calls that it was asked for: no slot is lost, and nobody waits for ever', async (part) => {
    let bad = false
    const ask = (asked: string): number => {
      if (bad && asked === part) throw new Error('mine')
      return 1
    }
    const slots = (): Slots => ({ get size() { return ask('size') }, begin: () => ask('begin'), end: () => void ask('end') })
    const api = limit({ concurrency: slots, queue: 5 })
    const { call, gates } = calls(api)
    const results = [call(0), call(1), call(2)]
    bad = true
    gates[0]!.resolve('done')
    await idle()
    gates[1]!.resolve('done')
    gates[2]!.resolve('done')
    const outcomes = (await Promise.allSettled([...results, api.call(() => 'late')])).map(({ status }) => status)
    expect(outcomes).toEqual(part === 'begin' ? ['fulfilled', 'rejected', 'rejected', 'rejected'] : ['rejected', 'rejected', 'rejected', 'rejected'])
    bad = false
    expect([counts(api), await api.call(() => 'well again')]).toEqual([[0, 0], 'well again'])
  })

  test('who waits starts as soon as there are more slots; an isOverload that throws keeps none', async () => {
    const api = limit({ concurrency: aimd({ initial: 1, isOverload: () => { throw new Error('mine') } }), queue: 9 })
    const { call, gates, started } = calls(api)
    void call(0)
    void call(1)
    gates[0]!.resolve()
    await idle()
    expect([started, counts(api)]).toEqual([[0, 1], [1, 0]])
    const controller = new AbortController()
    gates[1]!.resolve()
    await idle()
    const aborted = retry(() => new Promise(() => {}), { signal: controller.signal, use: [api] })
    controller.abort('gone')
    await expect(aborted).rejects.toBe('gone')
    expect(counts(api)).toEqual([0, 0])
  })

  test.each<[object, string]>([
    [{ min: 0 }, 'min must be a number of 1 or more; got 0'],
    [{ max: 0 }, 'max must be a number of 1 or more; got 0'],
    [{ initial: 500 }, 'initial must be a number from 1 to 200; got 500'],
    [{ min: 5, initial: 2 }, 'initial must be a number from 5 to 200; got 2'],
    [{ backoff: 0 }, 'backoff must be a number above 0 and below 1; got 0'],
    [{ min: '5' }, 'min must be a number of 1 or more; got "5"'],
    [{ max: true }, 'max must be a number of 1 or more; got true'],
    [{ initial: true }, 'initial must be a number from 1 to 200; got true'],
    [{ backoff: '0.5' }, 'backoff must be a number above 0 and below 1; got "0.5"'],
    [{ backoff: 1 }, 'backoff must be a number above 0 and below 1; got 1'],
    [{ isOverload: 1 }, 'isOverload must be a function; got 1'],
  ])('refuses %j', (options, message) => {
    expect(() => aimd(options)).toThrow(message)
  })
})

test.each<[object | undefined, string]>([
  [undefined, 'limit must be given concurrency, rate or both'],
  [{}, 'limit must be given concurrency, rate or both'],
  [{ concurrency: 0 }, 'concurrency must be an integer of 1 or more; got 0'],
  [{ concurrency: 1.5 }, 'concurrency must be an integer of 1 or more; got 1.5'],
  [{ concurrency: aimd }, 'concurrency must be an integer of 1 or more; got undefined'],
  [{ concurrency: '5' }, 'concurrency must be an integer of 1 or more; got "5"'],
  [{ rate: { calls: 0, per: 1 } }, 'rate.calls must be an integer of 1 or more; got 0'],
  [{ rate: { calls: Infinity, per: 1 } }, 'rate.calls must be an integer of 1 or more; got Infinity'],
  [{ rate: { calls: 1, per: 0 } }, 'rate.per must be a number of ms above 0; got 0'],
  [{ rate: { calls: 1, per: Infinity } }, 'rate.per must be a number of ms above 0; got Infinity'],
  [{ rate: { calls: 1, per: '1' } }, 'rate.per must be a number of ms above 0; got "1"'],
  [{ concurrency: 1, rate: 0 }, 'rate must be an object; got 0'],
  [{ concurrency: 1, release: false }, 'release must be "aborted" or "settled"; got false'],
  [{ concurrency: 1, onLimitWait: 'x' }, 'onLimitWait must be a function; got "x"'],
  [{ concurrency: 1, onLimitReject: {} }, 'onLimitReject must be a function; got object Object'],
  [{ concurrency: () => undefined }, 'concurrency must be an integer of 1 or more; got undefined'],
  [{ rate: { calls: 2, per: 1, burst: 3 } }, 'rate.burst must be an integer from 1 to 2; got 3'],
  [{ concurrency: 1, queue: -1 }, 'queue must be a number of 0 or more; got -1'],
  [{ concurrency: 1, maxWait: NaN }, 'maxWait must be a number of 0 or more; got NaN'],
  [{ concurrency: 1, maxHold: -5 }, 'maxHold must be a number of 0 or more; got -5'],
  [{ concurrency: 1, release: 'never' }, 'release must be "aborted" or "settled"; got "never"'],
  [{ concurrency: 1, name: 5 }, 'name must be a string; got 5'],
])('refuses %j at once', (options, message) => {
  expect(() => limit(options as never)).toThrow(message)
})

test('takes a default that is written out; has no name unless it is given one, and asks for no times of an attempt', () => {
  expect(limit({ concurrency: 1, release: 'aborted' })).toMatchObject({ name: '', timeless: true })
})

describe('one a key', () => {
  test('named after it; one in use, or whose rate is not forgotten yet, is not dropped for being idle', async () => {
    const hosts = new Limits({ concurrency: 1, rate: { calls: 5, per: 500 } }, { idleFor: 100 })
    void hosts.get('busy').call(() => new Promise(() => {}))
    await hosts.get('used').call(() => 1)
    hosts.get('idle')
    await time.pass(200)
    hosts.get('new')
    expect([...hosts].map(([key, { name }]) => `${key} ${name}`).sort()).toEqual(['busy busy', 'new new', 'used used'])
    await time.pass(500)
    hosts.get('newest')
    expect([...hosts].map(([key]) => key).sort()).toEqual(['busy', 'newest'])
  })

  test('refuses unusable options at once', () => {
    expect(() => new Limits({})).toThrow('limit must be given concurrency, rate or both')
  })
})

test('invariant: 100,000 random interleavings of settle, reject, abort, throw and time: never more than n run, and 0 at the end', async () => {
  let steps = 0
  for (let seed = 1; steps < 100_000; seed++) {
    const random = randomFrom(seed)
    const pick = (most: number): number => Math.floor(random() * most)
    const n = 1 + pick(4)
    const rate = random() < 0.5 ? { calls: 1 + pick(5), per: 1 + pick(200) } : undefined
    const api = limit({ concurrency: n, queue: pick(6), ...(random() < 0.5 && { maxWait: pick(300) }), ...(rate && { rate }) })
    const open: Gate[] = []
    const controllers: AbortController[] = []
    const starts: number[] = []
    let running = 0
    let settled = 0
    let made = 0
    const operation = ({ signal }: Attempt): unknown => {
      running++
      starts.push(time.now())
      if (running > n || api.running > n) throw new Error(`seed ${seed}: ${running} run, ${n} may`)
      const one = gate()
      let ended = false
      const end = (): void => {
        if (!ended) running--
        ended = true
      }
      signal.addEventListener('abort', end)
      one.promise.then(end, end)
      if (random() < 0.1) {
        end()
        throw new Error('at once')
      }
      open.push(one)
      return one.promise
    }
    for (let step = 0; step < 500; step++, steps++) {
      const what = pick(6)
      if (what < 2) {
        made++
        const controller = new AbortController()
        controllers.push(controller)
        retry(operation, { ...once, signal: controller.signal, use: [api] }).then(() => settled++, (error) => {
          settled++
          if (String(error?.message).startsWith('seed')) throw error
        })
      } else if (what === 2) open.splice(pick(open.length), 1)[0]?.resolve()
      else if (what === 3) open.splice(pick(open.length), 1)[0]?.reject(new Error('down'))
      else if (what === 4) controllers.splice(pick(controllers.length), 1)[0]?.abort()
      else if (random() < 0.3) await time.pass(pick(50))
      for (let turns = pick(4); turns-- > 0; ) await Promise.resolve()
    }
    while (api.running + api.queued > 0 || settled < made) {
      open.splice(0).forEach((one) => one.resolve())
      await time.pass(1_000)
    }
    expect([running, counts(api), time.pending, settled], `seed ${seed}`).toEqual([0, [0, 0], 0, made])
    if (rate) starts.forEach((start, i) => starts[i + rate.calls] !== undefined && expect(starts[i + rate.calls]! - start, `seed ${seed}`).toBeGreaterThanOrEqual(rate.per))
  }
}, 60_000)
