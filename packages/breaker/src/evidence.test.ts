import { type Attempt, override, type Plugin, retry, retrySync, type Undo } from '@backon/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CircuitBreaker } from './breaker.ts'
import { CircuitOpenError } from './error.ts'
import type { CircuitBreakerOptions } from './options.ts'
import { countWindow, timeWindow } from './trip.ts'

let now: number
let undo: Undo
let reported: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  now = 1_000
  undo = override({ clock: { now: () => now, setTimeout, clearTimeout } })
  reported = vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => {
  undo()
  reported.mockRestore()
})

const boom = new Error('boom')
const fail = (): never => {
  throw boom
}
const ok = (): string => 'ok'
const refusal = (): never => {
  throw Object.assign(new Error('full'), { refused: true, refusedBy: 'limit', retryable: false, retryAfter: 600_000 })
}
const attempted = (breaker: CircuitBreaker, fn: () => unknown = ok): unknown => {
  try {
    return breaker.callSync(fn)
  } catch (error) {
    return error
  }
}
const halfOpen = (options: CircuitBreakerOptions = {}): CircuitBreaker => {
  const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 100, ...options })
  attempted(breaker, fail)
  now += 100
  return breaker
}

describe('F-40 a refusal of its own', () => {
  test('is told from a failure by its properties, not by its class', () => {
    const breaker = new CircuitBreaker({ name: 'users' })
    breaker.isolate()
    const error = attempted(breaker) as CircuitOpenError
    expect(error).toMatchObject({ refused: true, refusedBy: 'circuit', retryable: false, breaker: 'users' })
    expect('cause' in error).toBe(false)
  })

  test('ends a retry as refused', async () => {
    const breaker = new CircuitBreaker()
    breaker.isolate()
    const onGiveup = vi.fn()
    await expect(retry(ok, { use: [breaker], onGiveup, retryErrorCallback: () => 'never' })).rejects.toThrow(CircuitOpenError)
    expect(onGiveup.mock.calls).toMatchObject([[{ end: 'refused', tries: 1 }]])
  })
})

describe('F-43 a refusal by another layer', () => {
  test('is no failure, and its hint is not taken over', async () => {
    for (const isFailure of [undefined, () => true]) {
      const breaker = new CircuitBreaker({ failureThreshold: 1, isFailure })
      attempted(breaker, refusal)
      await breaker.call(async () => refusal()).catch(() => {})
      await retry(ok, { use: [breaker, { wrap: () => refusal } satisfies Plugin] }).catch(() => {})
      expect([breaker.state, breaker.failureCount]).toEqual(['closed', 0])
    }
  })

  test('is no success either: it does not break a row of failures', () => {
    const breaker = new CircuitBreaker({ failureThreshold: 2 })
    for (const fn of [fail, refusal, fail]) attempted(breaker, fn)
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 60_000])
  })

  test('gives the slot of a probe back', () => {
    const breaker = halfOpen()
    attempted(breaker, refusal)
    expect([breaker.state, breaker.retryAfter]).toEqual(['half-open', 0])
    expect(attempted(breaker)).toBe('ok')
    expect(breaker.state).toBe('closed')
  })

  test('counts only where it says so with true, and as an error', () => {
    const breaker = new CircuitBreaker()
    attempted(breaker, () => {
      throw Object.assign(new Error('connection refused'), { refused: 'by peer' })
    })
    expect(breaker.failureCount).toBe(1)
  })
})

describe('F-43 one breaker met twice', () => {
  test('two breakers, one for all and one a host: the refusal of the inner opens nothing', async () => {
    const [all, host] = [new CircuitBreaker({ failureThreshold: 1 }), new CircuitBreaker()]
    host.isolate()
    await retry(ok, { use: [all, host] }).catch(() => {})
    expect(all.state).toBe('closed')
  })

  const twice: Record<string, (breaker: CircuitBreaker, fn: () => unknown) => unknown> = {
    'in one list of plugins': (breaker, fn) => retry(fn, { use: [breaker, breaker], maxTries: 1 }),
    'in one list, another plugin between': (breaker, fn) => retry(fn, { use: [breaker, { wrap: (next) => (attempt) => next(attempt) }, breaker], maxTries: 1 }),
    'as a plugin and in the operation': (breaker, fn) => retry(() => breaker.call(fn), { use: [breaker], maxTries: 1 }),
    'call in call': (breaker, fn) => breaker.call(() => breaker.call(fn)),
    'callSync in callSync': (breaker, fn) => breaker.callSync(() => breaker.callSync(fn)),
    'in a retry in a call': (breaker, fn) => breaker.call(() => retry(fn, { use: [breaker], maxTries: 1 })),
    'in a retry in a callSync': (breaker, fn) => breaker.callSync(() => retrySync(fn, { use: [breaker], maxTries: 1 })),
  }
  test.each(Object.entries(twice))('%s: counts once', async (_, call) => {
    const breaker = new CircuitBreaker({ failureThreshold: 9 })
    const fn = vi.fn(fail)
    await Promise.resolve().then(() => call(breaker, fn)).catch(() => {})
    expect([fn.mock.calls.length, breaker.failureCount]).toEqual([1, 1])
  })

  test.each(Object.entries(twice))('%s: one probe is enough to recover', async (_, call) => {
    const breaker = halfOpen()
    expect(await call(breaker, ok)).toBe('ok')
    expect(breaker.state).toBe('closed')
  })

  test('later, in the same call: nobody can know; its refusal is no evidence, and two slots are enough', async () => {
    const later = async (breaker: CircuitBreaker): Promise<unknown> =>
      breaker.call(async () => {
        await Promise.resolve()
        return breaker.call(ok)
      })
    const single = halfOpen()
    await expect(later(single)).rejects.toThrow(CircuitOpenError)
    expect([single.state, single.retryAfter]).toEqual(['half-open', 0])
    const double = halfOpen({ halfOpenMaxCalls: 2 })
    expect(await later(double)).toBe('ok')
    expect(double.state).toBe('closed')
  })

  test('calls that only run at the same time are calls of their own', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 9 })
    await Promise.allSettled([1, 2, 3].map(() => breaker.call(async () => fail())))
    expect(breaker.failureCount).toBe(3)
    attempted(breaker, fail)
    expect(breaker.failureCount).toBe(4)
  })

  test('a call that isolates its breaker is refused when it meets it again', () => {
    const breaker = new CircuitBreaker()
    const fn = vi.fn(ok)
    const error = attempted(breaker, () => {
      breaker.isolate()
      return breaker.callSync(fn)
    })
    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(fn).not.toHaveBeenCalled()
  })
})

describe('F-44 a copy that has lost', () => {
  const lost = Object.assign(new Error('another copy was faster'), { name: 'AbortError', lost: true })
  const copy = (aborted: boolean): Attempt => ({ aborted, reason: lost }) as Attempt
  const load = (attempt: Attempt): Promise<never> => Promise.reject(attempt.reason)

  test('is ignored through breaker.call, however the filter judges', async () => {
    for (const isFailure of [undefined, () => true]) {
      const breaker = new CircuitBreaker({ failureThreshold: 1, isFailure })
      await breaker.call(load, copy(true)).catch(() => {})
      const gone = AbortSignal.abort()
      await breaker.call((signal: AbortSignal) => Promise.reject(signal.reason), gone).catch(() => {})
      expect(breaker.state).toBe('closed')
    }
  })

  test.each<[string, (signal: AbortSignal) => unknown]>([
    ['a signal', (signal) => signal],
    ['an attempt', (signal) => ({ signal, aborted: true, reason: signal.reason as unknown })],
    ['options with a signal', (signal) => ({ method: 'POST', signal })],
  ])('a caller who leaves with a reason of its own says nothing: given %s', async (_, given) => {
    const isFailure = ({ exception }: { exception?: unknown }): boolean => exception !== undefined
    for (const options of [{}, { isFailure }]) {
      for (const [reason, counts] of [[new Error('left'), 0], ['left', 0], [new DOMException('gone', 'AbortError'), 0], [new DOMException('late', 'TimeoutError'), 1]] as const) {
        const breaker = new CircuitBreaker(options)
        const signal = AbortSignal.abort(reason)
        const load = (how: unknown): Promise<never> => Promise.reject(how && (reason as Error))
        await breaker.call(load, given(signal)).catch(() => {})
        expect([breaker.failureCount, reason]).toEqual([counts, reason])
        // What the service itself throws meanwhile is a failure.
        await breaker.call((how: unknown) => Promise.reject(how && boom), given(signal)).catch(() => {})
        expect(breaker.failureCount).toBe(counts + 1)
      }
    }
  })

  test('an AbortError of the service itself is judged by the filter, and counts as an attempt\'s', async () => {
    const alone = new CircuitBreaker({ failureThreshold: 1, isFailure: () => true })
    await alone.call(load, copy(false)).catch(() => {})
    expect(alone.state).toBe('open')
    const inside = new CircuitBreaker({ failureThreshold: 1 })
    await retry(() => Promise.reject(lost), { use: [inside], maxTries: 1 }).catch(() => {})
    expect(inside.state).toBe('open')
  })
})

describe('F-50 a fault in what the user gave', () => {
  const fault = new Error('filter')
  const handled = vi.fn()
  afterEach(() => process.off('unhandledRejection', handled))

  const filters: [string, () => never, unknown][] = [
    ['throws', () => { throw fault }, fault],
    ['gives a promise (F-09)', (async () => false) as never, expect.objectContaining({ message: 'isFailure must answer at once, not with a promise: decide inside the operation' })],
    ['gives a promise that rejects (F-09)', (() => Promise.reject(fault)) as never, expect.any(TypeError)],
  ]
  test.each(filters)('isFailure %s: the outcome stands, the default judges, it is reported once', async (_, isFailure, expected) => {
    process.on('unhandledRejection', handled)
    const breaker = new CircuitBreaker({ failureThreshold: 1, isFailure })
    expect(await breaker.call(async () => 'fine')).toBe('fine')
    expect([breaker.state, reported.mock.calls]).toEqual(['closed', [[expected]]])
    const operation = vi.fn(async () => 'fine')
    expect(await retry(operation, { use: [breaker], wait: 0 })).toBe('fine')
    expect([operation.mock.calls.length, reported.mock.calls.length]).toEqual([1, 2])
    await expect(breaker.call(async () => fail())).rejects.toBe(boom)
    expect([breaker.state, reported.mock.calls.length]).toEqual(['open', 3])
    await new Promise((resolve) => setTimeout(resolve))
    expect(handled).not.toHaveBeenCalled()
  })

  test('isFailure that throws at an abort, or of a probe, loses no slot', async () => {
    const breaker = halfOpen({ isFailure: () => { throw fault } })
    expect(attempted(breaker)).toBe('ok')
    expect(breaker.state).toBe('closed')
  })

  test.each<[string, () => unknown, string]>([
    ['throws', fail, 'boom'],
    ['gives NaN', () => NaN, 'recoveryTimeout must be a number of 0 or more; got NaN'],
    ['gives -1', () => -1, 'recoveryTimeout must be a number of 0 or more; got -1'],
    ['gives a promise', async () => 5, 'recoveryTimeout must answer at once, not with a promise: decide inside the operation'],
    ['gives a function', () => () => 5, 'recoveryTimeout must be a number of 0 or more; got function '],
  ])('recoveryTimeout %s: it opens, for the default time, and reports it once', (_, recoveryTimeout, message) => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: recoveryTimeout as never })
    expect(attempted(breaker, fail)).toBe(boom)
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 60_000])
    expect(reported.mock.calls).toEqual([[expect.objectContaining({ message })]])
  })

  test('what was cut off is judged once: that it settles afterwards is no news, and no fault', async () => {
    const controller = new AbortController()
    const breaker = new CircuitBreaker({ failureThreshold: 1 })
    let settle!: (error: Error) => void
    const call = retry(() => new Promise((_, reject) => (settle = reject)), { signal: controller.signal, use: [breaker] })
    controller.abort('gone')
    await expect(call).rejects.toBe('gone')
    settle(boom)
    await new Promise((resolve) => setTimeout(resolve))
    expect([breaker.state, reported.mock.calls]).toEqual(['closed', []])
  })

  test('a rule of the user\'s own that throws: the outcome stands', async () => {
    const breaker = new CircuitBreaker({ trip: () => ({ record: fail, failures: () => 0 }) })
    expect(await retry(async () => 'fine', { use: [breaker] })).toBe('fine')
    expect(reported.mock.calls).toEqual([[boom]])
  })

  test('a filter may act on its breaker: what it judged is stale then', () => {
    const breaker: CircuitBreaker = new CircuitBreaker({ failureThreshold: 1, isFailure: () => (breaker.reset(), true) })
    attempted(breaker, fail)
    expect([breaker.state, breaker.failureCount]).toEqual(['closed', 0])
  })

  test('a strategy may act on its breaker: no ticket of another time counts', async () => {
    let reset = true
    const breaker: CircuitBreaker = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: () => (reset && breaker.reset(), 100) })
    let reject!: (error: Error) => void
    attempted(breaker, fail)
    reset = false
    now += 100
    const probe = breaker.call(() => new Promise((_, no) => (reject = no)))
    attempted(breaker)
    reject(boom)
    await probe.catch(() => {})
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 100])
  })
})

describe('F-24 hostile values', () => {
  const revoked = (): object => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  }
  const spiteful = { get then(): never { throw boom } }

  test('what was thrown comes out itself, and counts', async () => {
    const thrown = [revoked(), { get name(): never { throw boom }, get refused(): never { throw boom }, get retryAfter(): never { throw boom } }, null, undefined]
    for (const error of thrown) {
      const breaker = halfOpen()
      const caught = await breaker.call(() => Promise.reject(error)).then(() => 'resolved', (reason) => [reason])
      expect((caught as unknown[])[0] === error).toBe(true)
      expect(breaker.state).toBe('open')
    }
    expect(reported).not.toHaveBeenCalled()
  })

  test('a value whose then throws rejects, as it does of a promise, and keeps no slot', async () => {
    const breaker = halfOpen()
    await expect(breaker.call(() => spiteful)).rejects.toBe(boom)
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 100])
  })

  test('a then that calls back twice, or throws after it, counts once', async () => {
    const breaker = new CircuitBreaker()
    const twice = { then: (resolve: (value: string) => void, reject: (error: unknown) => void) => (resolve('first'), reject(boom), fail()) } as PromiseLike<string>
    expect(await breaker.call(() => twice)).toBe('first')
    expect(breaker.failureCount).toBe(0)
  })
})

describe('the cause of an opening', () => {
  test('is the last failure, also when a success makes the share great enough', () => {
    const breaker = new CircuitBreaker({ trip: countWindow({ size: 4, failureRate: 0.5, minimumCalls: 4 }) })
    const last = new Error('last')
    attempted(breaker, fail)
    attempted(breaker, () => { throw last })
    attempted(breaker, ok)
    expect(breaker.state).toBe('closed')
    attempted(breaker, ok)
    expect(breaker.state).toBe('open')
    expect((attempted(breaker) as Error).cause).toBe(last)
  })

  test('is none of the time before it was closed', () => {
    const breaker = new CircuitBreaker({ trip: timeWindow({ minimumCalls: 1, slowCall: { duration: 100, rate: 1 } }), recoveryTimeout: 100 })
    attempted(breaker, () => { throw Object.assign(new Error('old'), { retryAfter: 500_000 }) })
    breaker.reset()
    attempted(breaker, () => void (now += 101))
    expect([breaker.state, breaker.retryAfter, (attempted(breaker) as Error).cause]).toEqual(['open', 100, undefined])
  })
})

describe('whether it asks for the time', () => {
  test.each<[CircuitBreakerOptions, boolean]>([
    [{}, true],
    [{ trip: countWindow() }, true],
    [{ trip: timeWindow() }, false],
    [{ isFailure: () => false }, false],
  ])('%j: timeless is %s, and says so to the loop', async (options, timeless) => {
    const breaker = new CircuitBreaker(options)
    expect(breaker.timeless).toBe(timeless)
    using _ = override({ clock: { now: vi.fn(() => now++), setTimeout, clearTimeout } })
    const before = now
    await retry(ok, { use: [breaker] })
    expect(now > before).toBe(!timeless)
  })

  test('the time of an attempt that was cut off is counted once', async () => {
    const seen: unknown[] = []
    const breaker = new CircuitBreaker({ isFailure: ({ elapsed, duration }) => (seen.push([elapsed, duration]), true) })
    const timers: (() => void)[] = []
    using _ = override({ clock: { now: () => now, setTimeout: (ring) => timers.push(ring), clearTimeout: () => {} } })
    const call = retry(() => new Promise(() => {}), { maxTime: 50, use: [breaker] })
    now += 50
    timers[0]!()
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(seen).toEqual([[50, 50]])
  })

  test('where a filter wants it, the record has the real times', async () => {
    const seen: number[] = []
    const breaker = new CircuitBreaker({ isFailure: ({ elapsed, duration }) => (seen.push(elapsed, duration!), false) })
    await retry(() => void (now += 30), { use: [breaker] })
    await breaker.call(() => void (now -= 30))
    expect(seen).toEqual([30, 30, 0, 0])
  })
})

test('what was aborted is judged at once, and nothing stays on the attempt', async () => {
  const off = vi.fn()
  let abort!: (reason: unknown) => void
  const attempt = { aborted: false, reason: undefined as unknown, plugins: [], details: { call: {} }, whenAborted: (listener: (reason: unknown) => void) => ((abort = listener), off) }
  const breaker = halfOpen()
  let finish!: (value: string) => void
  const running = breaker.wrap(() => new Promise<string>((resolve) => (finish = resolve)))(attempt as never)
  Object.assign(attempt, { aborted: true, reason: 'left' })
  abort('left')
  expect([breaker.state, breaker.retryAfter, off.mock.calls.length]).toEqual(['half-open', 0, 1])
  finish('late')
  expect(await running).toBe('late')
  expect(breaker.state).toBe('half-open')
})
