import { expo, type Hooks, override, retry, retrySync, timeout, type Undo, use } from '@backon/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CircuitBreaker } from './breaker.ts'
import { CircuitOpenError } from './error.ts'
import type { CircuitBreakerOptions } from './options.ts'
import { timeWindow } from './trip.ts'

let now: number
let undo: Undo[]
beforeEach(() => {
  now = 1_000
  vi.useFakeTimers({ now: 0 })
  undo = [override({ clock: { now: () => now, setTimeout, clearTimeout } })]
})
afterEach(() => {
  undo.forEach((one) => one())
  vi.useRealTimers()
})

const boom = new Error('boom')
const fail = (): never => {
  throw boom
}
const ok = (): string => 'ok'
const deferred = <T>() => {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((...ends) => ([resolve, reject] = ends))
  return { promise, resolve, reject }
}
const forever = (): Promise<never> => new Promise(() => {})
const attempted = (breaker: CircuitBreaker, fn: () => unknown = ok): unknown => {
  try {
    return breaker.callSync(fn)
  } catch (error) {
    return error
  }
}
const opened = (options: CircuitBreakerOptions = {}): CircuitBreaker => {
  const breaker = new CircuitBreaker({ failureThreshold: 1, name: 'users', ...options })
  attempted(breaker, fail)
  expect(breaker.state).toBe('open')
  return breaker
}

describe('closed', () => {
  test('opens after five failures in a row by default, for a minute', () => {
    const breaker = new CircuitBreaker()
    for (let i = 0; i < 4; i++) attempted(breaker, fail)
    attempted(breaker, ok)
    for (let i = 0; i < 4; i++) attempted(breaker, fail)
    expect([breaker.state, breaker.failureCount, breaker.retryAfter]).toEqual(['closed', 4, 0])
    attempted(breaker, fail)
    expect([breaker.state, breaker.failureCount, breaker.retryAfter]).toEqual(['open', 5, 60_000])
  })

  test('passes values, errors and arguments on as they are', async () => {
    const breaker = new CircuitBreaker()
    expect(await breaker.call(async (a: number, b: number) => a + b, 1, 2)).toBe(3)
    expect(await breaker.call((a: number) => a, 1)).toBe(1)
    expect(breaker.callSync((a: number) => a, 1)).toBe(1)
    await expect(breaker.call(fail)).rejects.toBe(boom)
    await expect(breaker.call(() => Promise.reject(boom))).rejects.toBe(boom)
    await expect(breaker.callSync(() => Promise.reject(boom))).rejects.toBe(boom)
    expect(breaker.failureCount).toBe(3)
  })

  test('RT-08 takes a foreign thenable for a promise', async () => {
    const breaker = new CircuitBreaker()
    const thenable = { then: (_: unknown, reject: (error: unknown) => void) => reject(boom) } as PromiseLike<never>
    await expect(breaker.call(() => thenable)).rejects.toBe(boom)
    expect(breaker.failureCount).toBe(1)
  })

  test('RT-41 one breaker, many functions: each call runs its own', async () => {
    const breaker = new CircuitBreaker()
    expect(await Promise.all([1, 2, 3].map((n) => breaker.call(async () => n)))).toEqual([1, 2, 3])
    expect(await Promise.all([4, 5].map((n) => retry(async () => n, { use: [breaker] })))).toEqual([4, 5])
  })

  test('never opens with a threshold of Infinity, except by hand', () => {
    const breaker = new CircuitBreaker({ failureThreshold: Infinity })
    for (let i = 0; i < 1_000; i++) attempted(breaker, fail)
    expect(breaker.state).toBe('closed')
  })
})

describe('open', () => {
  test('refuses at once, says until when and why, and does not call the function', async () => {
    const breaker = opened()
    now += 55_800
    const fn = vi.fn(ok)
    const error: CircuitOpenError = await breaker.call(fn).then(fail, (reason) => reason)
    expect(fn).not.toHaveBeenCalled()
    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(error.message).toBe('circuit "users" is open, next probe in 4200 ms')
    expect(error).toMatchObject({ name: 'CircuitOpenError', retryable: false, refused: true, refusedBy: 'circuit', breaker: 'users', retryAfter: 4_200, cause: boom })
    expect(() => breaker.callSync(fn)).toThrow(CircuitOpenError)
  })

  test('RT-40 late failures do not extend the open time', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1 })
    const late = deferred<never>()
    const call = breaker.call(() => late.promise)
    attempted(breaker, fail)
    now += 30_000
    late.reject(boom)
    await expect(call).rejects.toBe(boom)
    expect(breaker.retryAfter).toBe(30_000)
  })

  test('RT-19 a late success does not close it, nor a late one of before the close open it', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1 })
    const late = [deferred<string>(), deferred<string>()]
    const calls = late.map(({ promise }) => breaker.call(() => promise))
    attempted(breaker, fail)
    late[0]!.resolve('late')
    expect(await calls[0]).toBe('late')
    expect(breaker.state).toBe('open')
    now += 60_000
    attempted(breaker, ok)
    late[1]!.reject(boom)
    await expect(calls[1]).rejects.toBe(boom)
    expect([breaker.state, breaker.failureCount]).toEqual(['closed', 0])
  })

  test('reading its state changes nothing: it is open until a call comes as its probe', () => {
    const breaker = opened()
    now += 60_000
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 0])
    expect(attempted(breaker, () => breaker.state)).toBe('half-open')
    expect(breaker.state).toBe('closed')
  })

  test('RT-24 a thousand of them leave no timer', () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const breakers = Array.from({ length: 1_000 }, () => opened())
    now += 60_000
    for (const breaker of breakers) void breaker.call(forever)
    expect(set).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('half-open', () => {
  test('lets one probe through; its success closes, its failure opens for the whole time again', () => {
    const breaker = opened()
    now += 60_000
    attempted(breaker, fail)
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 60_000])
    now += 60_000
    expect(attempted(breaker, ok)).toBe('ok')
    expect([breaker.state, breaker.failureCount]).toEqual(['closed', 0])
  })

  test.each([1, 3])('RT-22 of 50 concurrent calls exactly %d run', async (halfOpenMaxCalls) => {
    const breaker = opened({ halfOpenMaxCalls, successThreshold: 9 })
    now += 60_000
    const fn = vi.fn(forever)
    const calls = Array.from({ length: 50 }, () => breaker.call(fn))
    const refused = await Promise.allSettled(calls.slice(halfOpenMaxCalls))
    expect(fn).toHaveBeenCalledTimes(halfOpenMaxCalls)
    expect(new Set(refused.map((one) => one.status === 'rejected' && one.reason.message))).toEqual(
      new Set(['circuit "users" is half-open, next probe in 60000 ms']),
    )
  })

  test('closes when as many probes as needed have succeeded', () => {
    const breaker = opened({ successThreshold: 2 })
    now += 60_000
    attempted(breaker, ok)
    expect(breaker.state).toBe('half-open')
    attempted(breaker, ok)
    expect(breaker.state).toBe('closed')
  })

  test('RT-20 a hung probe has failed when its time ends; others are refused meanwhile; nobody waits for it', async () => {
    const breaker = opened({ probeTimeout: 5_000 })
    now += 60_000
    const hung = deferred<string>()
    const probe = breaker.call(() => hung.promise)
    now += 4_999
    expect(attempted(breaker)).toMatchObject({ message: 'circuit "users" is half-open, next probe in 1 ms' })
    now += 10_001
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 50_000])
    expect(attempted(breaker)).toMatchObject({ retryAfter: 50_000, cause: { name: 'TimeoutError' } })
    hung.resolve('late')
    expect(await probe).toBe('late')
    expect(breaker.state).toBe('open')
    now += 50_000
    expect(attempted(breaker)).toBe('ok')
    expect(breaker.state).toBe('closed')
  })

  test.each([[100, 60_000], [60_000, 60_000], [90_000, 90_000]])('RT-20 open for %d ms, a probe has %d ms, unless told otherwise', (recoveryTimeout, time) => {
    const breaker = opened({ recoveryTimeout })
    now += recoveryTimeout
    void breaker.call(forever)
    now += time - 1
    expect(breaker.state).toBe('half-open')
    now += 1
    expect(breaker.state).toBe('open')
  })

  test('RT-21 an aborted probe gives its slot back at once, even if it ignores its signal', async () => {
    const breaker = opened()
    now += 60_000
    const controller = new AbortController()
    const probe = retry(forever, { use: [breaker], signal: controller.signal })
    await vi.advanceTimersByTimeAsync(0)
    expect(attempted(breaker)).toBeInstanceOf(CircuitOpenError)
    controller.abort()
    await expect(probe).rejects.toBe(controller.signal.reason)
    expect([breaker.state, breaker.retryAfter]).toEqual(['half-open', 0])
    expect(attempted(breaker)).toBe('ok')
  })

  test('RT-21 a probe that the filter ignores gives its slot back and changes nothing', () => {
    const breaker = opened({ isFailure: ({ exception }) => exception === boom || 'ignore' })
    now += 60_000
    expect(attempted(breaker, ok)).toBe('ok')
    expect([breaker.state, breaker.retryAfter]).toEqual(['half-open', 0])
  })

  test('a probe slower than the slow calls of its window has failed; one that is just as slow has not', async () => {
    const breaker = new CircuitBreaker({ trip: timeWindow({ minimumCalls: 1, slowCall: { duration: 100, rate: 1 } }) })
    const slow = (): void => void (now += 101)
    attempted(breaker, slow)
    expect(breaker.state).toBe('open')
    now += 60_000
    attempted(breaker, slow)
    expect(breaker.state).toBe('open')
    now += 60_000
    attempted(breaker, () => void (now += 100))
    expect(breaker.state).toBe('closed')
  })
})

describe('what counts', () => {
  test('by default what is thrown, but no AbortError of a call alone', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1 })
    await breaker.call(() => Promise.reject(new DOMException('gone', 'AbortError'))).catch(() => {})
    expect([breaker.state, breaker.failureCount]).toEqual(['closed', 0])
    attempted(breaker, () => {
      throw undefined
    })
    expect(breaker.state).toBe('open')
  })

  test('no call that its caller aborts, whatever the filter says', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, isFailure: () => true })
    const controller = new AbortController()
    const call = retry(forever, { use: [breaker], signal: controller.signal })
    await vi.advanceTimersByTimeAsync(0)
    controller.abort()
    await expect(call).rejects.toBe(controller.signal.reason)
    expect(breaker.state).toBe('closed')
  })

  test('an attempt that has timed out, inside or outside, once, though the operation ignores its signal', async () => {
    for (const order of ['inside', 'outside', 'maxTime']) {
      const breaker = new CircuitBreaker()
      const use = order === 'inside' ? [breaker, timeout(50)] : order === 'outside' ? [timeout(50), breaker] : [breaker]
      const late = deferred<never>()
      const call = retry(() => late.promise, { use, maxTries: 1, ...(order === 'maxTime' && { maxTime: 50 }) })
      const outcome = expect(call).rejects.toMatchObject({ name: 'TimeoutError' })
      await vi.advanceTimersByTimeAsync(0)
      now += 50
      await vi.advanceTimersByTimeAsync(50)
      await outcome
      late.reject(boom)
      await vi.advanceTimersByTimeAsync(0)
      expect([order, breaker.failureCount]).toEqual([order, 1])
    }
  })

  test('what isFailure says of values and errors; it reads the whole record', async () => {
    const seen: unknown[] = []
    const breaker = new CircuitBreaker({
      failureThreshold: 2,
      isFailure: (details) => {
        seen.push(details)
        return (details.value as number) >= 500
      },
    })
    const answer = (status: number): number => {
      now += 20
      return status
    }
    attempted(breaker, fail)
    expect(breaker.callSync(answer, 500)).toBe(500)
    expect(seen.at(-1)).toMatchObject({ name: 'answer', target: answer, args: [500], tries: 1, elapsed: 20, duration: 20, value: 500 })
    await retry(() => 503, { use: [breaker], name: 'here' })
    expect(seen.at(-1)).toMatchObject({ name: 'here', tries: 1, value: 503 })
    expect(breaker.state).toBe('open')
    expect(attempted(breaker)).toMatchObject({ cause: 503 })
  })
})

describe('the time it stays open', () => {
  test('grows with a wait strategy while probes keep failing, and starts afresh after a close', () => {
    const breaker = opened({ recoveryTimeout: expo({ factor: 5_000, maxValue: 15_000 }) })
    const times = [breaker.retryAfter]
    for (let i = 0; i < 3; i++) {
      now += breaker.retryAfter
      attempted(breaker, fail)
      times.push(breaker.retryAfter)
    }
    now += breaker.retryAfter
    attempted(breaker, ok)
    attempted(breaker, fail)
    expect([...times, breaker.retryAfter]).toEqual([5_000, 10_000, 15_000, 15_000, 5_000])
  })

  test('is asked of the strategy with the failure, the openings and the time before; the last time stays when it has run out', () => {
    const records: unknown[] = []
    const breaker = opened({
      recoveryTimeout: (details) => {
        records.push(details)
        return [100, 200][details.tries - 1]
      },
    })
    for (let i = 0; i < 2; i++) {
      now += breaker.retryAfter
      attempted(breaker, fail)
    }
    expect(breaker.retryAfter).toBe(200)
    expect(records).toMatchObject([
      { name: 'users', tries: 1, previousWait: 0, exception: boom, args: [] },
      { tries: 2, previousWait: 100 },
      { tries: 3, previousWait: 200 },
    ])
  })

  test('grows for hung probes as well', () => {
    const breaker = opened({ recoveryTimeout: expo({ factor: 100 }) })
    now += 100
    void breaker.call(forever)
    now += 60_000
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', 200])
  })

  test.each([
    [90_000, 90_000],
    [10, 60_000],
    ['90000', 60_000],
    [NaN, 60_000],
    [Infinity, 60_000],
    [new Date(), 60_000],
  ])('is lengthened by an error with retryAfter %s to %d ms', (retryAfter, expected) => {
    const breaker = new CircuitBreaker({ failureThreshold: 1 })
    attempted(breaker, () => {
      throw Object.assign(new Error(), { retryAfter })
    })
    expect(breaker.retryAfter).toBe(expected)
  })
})

describe('by hand', () => {
  test('isolate() keeps it open until reset(), which makes it as if fresh', () => {
    const breaker = new CircuitBreaker({ failureThreshold: 2, name: 'users' })
    attempted(breaker, fail)
    breaker.isolate()
    now += 1e12
    expect([breaker.state, breaker.retryAfter]).toEqual(['open', Infinity])
    expect(attempted(breaker)).toMatchObject({ message: 'circuit "users" is open until reset()', retryAfter: Infinity })
    breaker.reset()
    expect([breaker.state, breaker.retryAfter, breaker.failureCount]).toEqual(['closed', 0, 0])
    expect(attempted(breaker)).toBe('ok')
  })

  test('reset() of a closed one forgets failures, and those of calls still running', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1 })
    const late = deferred<never>()
    const call = breaker.call(() => late.promise)
    breaker.reset()
    late.reject(boom)
    await expect(call).rejects.toBe(boom)
    expect(breaker.state).toBe('closed')
  })
})

describe('RT-26 saved and restored', () => {
  const reborn = (breaker: CircuitBreaker): CircuitBreaker =>
    new CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 1_000, state: JSON.parse(JSON.stringify(breaker)) })

  test('keeps the remaining open time; the time in between counts', () => {
    const breaker = opened()
    now += 20_000
    vi.setSystemTime(20_000)
    const saved = reborn(breaker)
    expect([saved.state, saved.retryAfter]).toEqual(['open', 40_000])
    vi.setSystemTime(45_000)
    expect(reborn(breaker).retryAfter).toBe(40_000)
    const json = JSON.parse(JSON.stringify(breaker))
    vi.setSystemTime(55_000)
    now = 3
    const restored = new CircuitBreaker({ state: json })
    expect([restored.state, restored.retryAfter]).toEqual(['open', 30_000])
  })

  test('once expired, it is half-open on the next call', () => {
    const breaker = opened()
    now += 60_000
    const restored = reborn(breaker)
    expect(attempted(restored, () => restored.state)).toBe('half-open')
    expect(restored.state).toBe('closed')
  })

  test('a wall clock set back does not lengthen the time', () => {
    vi.setSystemTime(3_600_000)
    const json = JSON.parse(JSON.stringify(opened()))
    vi.setSystemTime(0)
    expect(new CircuitBreaker({ state: json }).retryAfter).toBe(60_000)
  })

  test('remembers isolation and how often it has opened; a closed one is fresh', () => {
    const isolated = new CircuitBreaker()
    isolated.isolate()
    expect(reborn(isolated).retryAfter).toBe(Infinity)
    const growing = { failureThreshold: 1, recoveryTimeout: expo({ factor: 100 }) }
    const restored = new CircuitBreaker({ ...growing, state: opened(growing).toJSON() })
    now += 100
    attempted(restored, fail)
    expect(restored.retryAfter).toBe(200)
    expect(reborn(new CircuitBreaker()).state).toBe('closed')
  })

  test('a strategy is told what the wait before the restart was', () => {
    const recoveryTimeout = vi.fn(() => 100)
    const restored = new CircuitBreaker({ failureThreshold: 1, recoveryTimeout, state: { state: 'open', openings: 1, openedAt: Date.now(), recoveryTimeout: 700 } })
    now += 700
    attempted(restored, fail)
    expect(recoveryTimeout).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ tries: 2, previousWait: 700 }))
  })

  test('a probe that was out is asked for again', () => {
    const breaker = opened()
    now += 60_000
    void breaker.call(forever)
    expect([reborn(breaker).state, reborn(breaker).retryAfter]).toEqual(['open', 0])
  })

  test('refuses what toJSON() never gave', () => {
    expect(() => new CircuitBreaker({ state: { openings: 'x' } as never })).toThrow('state.openings must be an integer of 1 or more, or Infinity; got "x"')
    expect(() => new CircuitBreaker({ state: { openings: 1, recoveryTimeout: -5 } as never })).toThrow('state.recoveryTimeout must be a number of 0 or more; got -5')
    // Without a time to count from it is open from now on: never for longer than it was meant to be.
    expect(new CircuitBreaker({ state: { openings: 1, recoveryTimeout: 5 } as never }).retryAfter).toBe(5)
  })
})

describe('in a retry', () => {
  test('RT-27 the open-circuit error is not retried, and carries retryAfter for who wants to wait', async () => {
    const breaker = opened()
    const fn = vi.fn(ok)
    const seen = vi.fn()
    await expect(retry(fn, { use: [breaker], maxTries: 5, onBackoff: seen })).rejects.toMatchObject({ retryAfter: 60_000 })
    expect(fn).not.toHaveBeenCalled()
    expect(seen).not.toHaveBeenCalled()
    const waits: unknown[] = []
    const waiting = retry(fn, {
      use: [breaker],
      condition: ({ exception }) => exception instanceof CircuitOpenError,
      wait: ({ exception }) => (exception as CircuitOpenError).retryAfter,
      jitter: null,
      onBackoff: ({ wait }) => {
        waits.push(wait)
        now += wait!
      },
    })
    await vi.advanceTimersByTimeAsync(60_000)
    expect([await waiting, waits]).toEqual(['ok', [60_000]])
  })

  test('RT-43 an open circuit ends the call, however broad the filter', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 2, name: 'users' })
    const fn = vi.fn(fail)
    await expect(retry(fn, { use: [breaker], exception: Error, wait: 0, maxTries: 10 })).rejects.toBeInstanceOf(CircuitOpenError)
    expect(fn).toHaveBeenCalledTimes(2)
  })

  test('counts every attempt inside, whole calls outside', async () => {
    const inside = new CircuitBreaker()
    await retry(fail, { use: [inside], wait: 0, maxTries: 3 }).catch(() => {})
    expect(inside.failureCount).toBe(3)
    const outside = new CircuitBreaker()
    await outside.call(() => retry(fail, { wait: 0, maxTries: 3 })).catch(() => {})
    expect(outside.failureCount).toBe(1)
  })

  test('works where nothing is awaited', () => {
    const breaker = new CircuitBreaker({ failureThreshold: 2 })
    expect(() => retrySync(fail, { use: [breaker], wait: 0, maxTries: 5, sleep: () => {} })).toThrow(CircuitOpenError)
    expect(retrySync(ok, { use: [new CircuitBreaker()] })).toBe('ok')
  })
})

describe('events', () => {
  const names = ['onCircuitOpen', 'onCircuitHalfOpen', 'onCircuitClose', 'onCircuitReject'] as const
  const recorder = (log: unknown[]): Hooks =>
    Object.fromEntries(names.map((name) => [name, ({ from, to }: { from: string; to: string }) => void log.push(`${name} ${from} ${to}`)]))

  test('go to the options of the breaker and to the plugins of the call, alone to those that joined with use()', async () => {
    const [own, ofCall, ofProcess]: string[][] = [[], [], []]
    undo.push(use(recorder(ofProcess!)))
    const breaker = new CircuitBreaker({ failureThreshold: 1, ...recorder(own!) })
    const run = (fn: () => unknown): Promise<unknown> => retry(fn, { use: [recorder(ofCall!), breaker], maxTries: 1 }).catch(() => {})
    await run(fail)
    await run(ok)
    now += 60_000
    await run(ok)
    const expected = ['onCircuitOpen closed open', 'onCircuitReject open open', 'onCircuitHalfOpen open half-open', 'onCircuitClose half-open closed']
    expect([own, ofCall, ofProcess]).toEqual([expected, expected, expected])
    attempted(breaker, fail)
    breaker.reset()
    const more = [...expected, 'onCircuitOpen closed open', 'onCircuitClose open closed']
    expect([own, ofCall, ofProcess]).toEqual([more, expected, more])
  })

  test('say which breaker, for how long, why and in which call', async () => {
    const onCircuitOpen = vi.fn()
    let call: unknown
    const breaker = new CircuitBreaker({ failureThreshold: 1, name: 'users', onCircuitOpen })
    await retry(fail, { use: [breaker], maxTries: 1, onGiveup: (details) => void (call = details.call) }).catch(() => {})
    expect(onCircuitOpen.mock.calls).toEqual([[{ breaker: 'users', from: 'closed', to: 'open', retryAfter: 60_000, cause: boom, call, name: 'fail' }]])
  })

  test('RT-09 a handler that throws changes nothing and is reported', () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    const breaker = new CircuitBreaker({ failureThreshold: 1, onCircuitOpen: () => fail() })
    expect(attempted(breaker, fail)).toBe(boom)
    expect([breaker.state, report.mock.calls]).toEqual(['open', [[boom]]])
  })

  test('a handler may act on its breaker', () => {
    const breaker: CircuitBreaker = new CircuitBreaker({ failureThreshold: 1, probeTimeout: 1, onCircuitOpen: () => breaker.reset() })
    attempted(breaker, fail)
    expect(breaker.state).toBe('closed')
    expect(attempted(breaker)).toBe('ok')
  })
})

describe('options', () => {
  test.each([
    [{ failureThreshold: 0.5 }, 'failureThreshold must be an integer of 1 or more, or Infinity; got 0.5'],
    [{ failureThreshold: '5' }, 'failureThreshold must be an integer of 1 or more, or Infinity; got "5": did you mean 5?'],
    [{ failureThreshold: 0, trip: timeWindow() }, 'failureThreshold must be an integer of 1 or more, or Infinity; got 0'],
    [{ name: 5 }, 'name must be a string; got 5'],
    [{ recoveryTimeout: -1 }, 'recoveryTimeout must be a number of 0 or more, or a wait strategy; got -1'],
    [{ recoveryTimeout: '60s' }, 'recoveryTimeout must be a number of 0 or more, or a wait strategy; got "60s"'],
    [{ recoveryTimeout: null }, 'recoveryTimeout must be a number of 0 or more, or a wait strategy; got null'],
    [{ maxRecoveryTimeout: 0 }, 'maxRecoveryTimeout must be a number above 0; got 0'],
    [{ halfOpenMaxCalls: NaN }, 'halfOpenMaxCalls must be an integer of 1 or more, or Infinity; got NaN'],
    [{ successThreshold: '1' }, 'successThreshold must be an integer of 1 or more, or Infinity; got "1"'],
    [{ probeTimeout: 0 }, 'probeTimeout must be a number above 0; got 0'],
    [{ trip: 5 }, 'trip must be a function; got 5'],
    [{ isFailure: true }, 'isFailure must be a function; got true'],
    [{ onCircuitOpen: 'log' }, 'onCircuitOpen must be a function; got "log"'],
    [{ state: '{"openings":1}' }, 'state must be an object; got'],
    ['users', 'options must be an object; got "users"'],
    [null, 'options must be an object; got null'],
  ])('%j is refused when given', (options, message) => {
    expect(() => new CircuitBreaker(options as never)).toThrow(message)
  })

  test('RT-13 undefined is absent', () => {
    const absent = Object.fromEntries(
      ['failureThreshold', 'trip', 'recoveryTimeout', 'halfOpenMaxCalls', 'successThreshold', 'probeTimeout', 'isFailure', 'name', 'state', 'onCircuitOpen'].map((name) => [name, undefined]),
    )
    const breaker = new CircuitBreaker(absent)
    for (let i = 0; i < 5; i++) attempted(breaker, fail)
    expect([breaker.name, breaker.state, breaker.retryAfter]).toEqual(['', 'open', 60_000])
  })

  test('a handler that is a method keeps its object', () => {
    class Settings {
      failureThreshold = 1
      #opened = 0
      onCircuitOpen(): void {
        this.#opened++
      }
      get opened(): number {
        return this.#opened
      }
    }
    const settings = new Settings()
    attempted(new CircuitBreaker(settings), fail)
    expect(settings.opened).toBe(1)
  })

  test('F-11 own and inherited options are read alike', () => {
    class Settings {
      get failureThreshold(): number {
        return 1
      }
    }
    for (const options of [new Settings(), Object.create({ failureThreshold: 1, onCircuitOpen: undefined })]) {
      const breaker = new CircuitBreaker(options)
      attempted(breaker, fail)
      expect(breaker.state).toBe('open')
    }
  })

  test('RT-36 shared options and trips share no state', () => {
    const options = { trip: timeWindow({ minimumCalls: 1 }) }
    const [one, other] = [new CircuitBreaker(options), new CircuitBreaker(options)]
    attempted(one, fail)
    expect([one.state, other.state, other.failureCount]).toEqual(['open', 'closed', 0])
  })
})
