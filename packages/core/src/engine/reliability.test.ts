import { getEventListeners } from 'node:events'
import { readFile } from 'node:fs'
import { mock } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hang, settled } from '../../test/promises.ts'
import { idle, type VirtualTime, virtualTime } from '../../test/time.ts'
import { retryingCaller } from '../shells/caller.ts'
import { NonRetryableError, TimeoutError } from '../errors.ts'
import { override } from '../seams/override.ts'
import { retrySync } from '../shells/retry-sync.ts'
import { retry } from '../shells/retry.ts'
import { Retrying } from '../shells/retrying.ts'
import { sleep } from '../time/sleep.ts'
import { timeout } from '../plugins/timeout.ts'
import type { Attempt, Details, Options, Plugin, Undo } from '../types.ts'
import { expo } from '../wait/expo.ts'

const undos: Undo[] = []
let unhandled: unknown[]
const onUnhandled = (error: unknown): void => void unhandled.push(error)
beforeEach(() => {
  unhandled = []
  process.on('unhandledRejection', onUnhandled)
})
afterEach(async () => {
  await idle()
  await idle()
  process.off('unhandledRejection', onUnhandled)
  undos.splice(0).forEach((undo) => undo())
  vi.useRealTimers()
  vi.unstubAllGlobals()
  expect(unhandled).toEqual([])
})

/** Time for the engine, and for whoever asks it through `sleep`. */
const virtual = (): VirtualTime => {
  const time = virtualTime()
  undos.push(override({ clock: time, random: () => 0.5 }))
  return time
}

const fail = (): never => {
  throw new Error('down')
}
const flat = { wait: 100, jitter: null, maxTries: 3 }
const gc = ((): (() => void) => {
  setFlagsFromString('--expose_gc')
  return runInNewContext('gc') as () => void
})()

describe('RT-01 an abort during a wait', () => {
  test('rejects at once with the identical reason, calls nothing again and leaves no timer', async () => {
    const time = virtual()
    const controller = new AbortController()
    const operation = vi.fn(fail)
    const promise = settled(retry(operation, { ...flat, signal: controller.signal }))
    await time.pass(50)
    const reason = { any: 'object' }
    controller.abort(reason)
    expect((await promise)[1]).toBe(reason)
    expect(time.now()).toBe(1_050)
    expect(time.pending).toBe(0)
    await time.pass(1_000)
    expect(operation).toHaveBeenCalledTimes(1)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('does so too when the sleep is the caller\'s own and goes on for ever', async () => {
    const controller = new AbortController()
    const promise = settled(retry(fail, { ...flat, signal: controller.signal, sleep: hang }))
    await idle()
    controller.abort('enough')
    expect(await promise).toEqual(['rejected', 'enough'])
  })

  test('is the abort, and not the error, of a sleep that rejects with something else', async () => {
    const controller = new AbortController()
    const promise = settled(retry(fail, { ...flat, signal: controller.signal, sleep: (ms, signal) => sleep(ms, signal).catch(() => { throw new Error('other') }) }))
    await idle()
    controller.abort('enough')
    expect(await promise).toEqual(['rejected', 'enough'])
  })
})

describe('RT-02 an abort while an attempt ignores its signal', () => {
  test.each(['resolves', 'rejects'])('rejects at once and drops what the attempt %s with later', async (how) => {
    const time = virtual()
    const controller = new AbortController()
    const after = vi.fn()
    let attempt!: Attempt
    const promise = settled(retry(async (given) => {
      attempt = given
      await sleep(1_000)
      if (how === 'rejects') throw new Error('late')
      return 'late'
    }, { ...flat, signal: controller.signal, after }))
    await time.pass(10)
    controller.abort(new Error('stop'))
    expect(await promise).toEqual(['rejected', controller.signal.reason])
    expect(attempt.aborted).toBe(true)
    expect(attempt.signal.reason).toBe(controller.signal.reason)
    await time.pass(2_000)
    expect(after).not.toHaveBeenCalled()
  })
})

test.each([new Error('before'), 'text', 0, null])('RT-03 a signal aborted before the call with %s: the operation is not called', async (reason) => {
  const operation = vi.fn()
  const plugin = { onAttempt: vi.fn(), onAbort: vi.fn(), onGiveup: vi.fn() }
  const options = { signal: AbortSignal.abort(reason), use: [plugin] }
  expect(await settled(retry(operation, options))).toEqual(['rejected', reason])
  expect(await settled(new Retrying(options).call(operation))).toEqual(['rejected', reason])
  let thrown: unknown
  try {
    retrySync(operation, options)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBe(reason)
  expect(operation).not.toHaveBeenCalled()
  for (const hook of Object.values(plugin)) expect(hook).not.toHaveBeenCalled()
})

describe('RT-04 ten thousand calls on one signal', () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  const oneCall = (i: number, signal: AbortSignal): Promise<unknown> => {
    const options: Options = { wait: 0, maxTries: 2, signal, ...(i % 5 === 4 && { maxTime: 60_000, onAttempt: () => {} }) }
    if (i % 3 === 0) return retry(() => i, options)
    if (i % 3 === 1) return retry(fail, options).catch(() => {})
    return retry(hang, { ...options, onAttempt: () => sleep(0), before: fail }).catch(() => {})
  }
  afterEach(() => {
    process.off('warning', onWarning)
    warnings.length = 0
  })

  test('some at a time leave no listener, no warning and no memory', async () => {
    process.on('warning', onWarning)
    const { signal } = new AbortController()
    const round = async (): Promise<number> => {
      for (let i = 0; i < 5_000; i += 50) await Promise.all(Array.from({ length: 50 }, (_, n) => oneCall(i + n, signal)))
      await idle()
      gc()
      gc()
      return process.memoryUsage().heapUsed
    }
    await round()
    const before = await round()
    const after = await round()
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(after - before).toBeLessThan(500_000)
    await idle()
    expect(warnings).toEqual([])
  })

  test('all at once leave no listener and no warning', async () => {
    process.on('warning', onWarning)
    const controller = new AbortController()
    const calls = Array.from({ length: 2_000 }, (_, i) => retry(async () => {
      await idle()
      if (i % 2) fail()
    }, { wait: 0, maxTries: 2, signal: controller.signal }).catch(() => {}))
    await Promise.all(calls)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    const hanging = Array.from({ length: 2_000 }, () => settled(retry(hang, { signal: controller.signal })))
    await idle()
    controller.abort('all')
    expect(new Set((await Promise.all(hanging)).map(String))).toEqual(new Set(['rejected,all']))
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(warnings).toEqual([])
  })

  test('loops and scopes leave none either', async () => {
    const { signal } = new AbortController()
    const policy = new Retrying({ wait: 0, maxTries: 2, signal })
    for (let i = 0; i < 500; i++) {
      await policy.call(() => i)
      await policy.call(fail).catch(() => {})
      for await (const attempt of policy) {
        if (i % 2) break
        await attempt.run(() => i)
      }
      for (const attempt of policy) attempt.run(() => i)
      expect(() => policy.callSync(fail)).toThrow('down')
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('RT-05 times at and beyond what a timer can hold', () => {
  test.each([2 ** 31 - 1, 2 ** 31, 2 ** 32, 1e12])('waits %d ms', async (wait) => {
    const time = virtual()
    const runs: number[] = []
    const promise = settled(retry(() => {
      runs.push(time.now() - 1_000)
      if (runs.length === 1) fail()
    }, { wait, jitter: null }))
    await time.until(promise)
    expect(runs).toEqual([0, wait])
  })

  test('waits for ever, which an abort ends', async () => {
    const time = virtual()
    const controller = new AbortController()
    const operation = vi.fn(fail)
    const promise = settled(retry(operation, { wait: Infinity, jitter: null, signal: controller.signal }))
    await time.pass(1e12)
    expect(operation).toHaveBeenCalledTimes(1)
    controller.abort('enough')
    expect(await promise).toEqual(['rejected', 'enough'])
    expect(time.pending).toBe(0)
  })

  test.each([2 ** 31 - 1, 2 ** 31, 1e12])('ends a hanging attempt after %d ms', async (maxTime) => {
    const time = virtual()
    const promise = settled(retry(hang, { maxTime }))
    await time.pass(maxTime - 1)
    expect(time.pending).toBe(1)
    await time.pass(1)
    expect(await promise).toEqual(['rejected', expect.any(TimeoutError)])
    expect(time.pending).toBe(0)
  })

  test.each([2 ** 31, 1e12])('times out an attempt after %d ms', async (ms) => {
    const time = virtual()
    const promise = settled(retry(hang, { maxTries: 1, use: [timeout(ms)] }))
    await time.until(promise)
    expect(time.now()).toBe(1_000 + ms)
  })

  test('sets no timer for an endless maxTime', async () => {
    const time = virtual()
    void retry(hang, { maxTime: Infinity })
    await idle()
    expect(time.pending).toBe(0)
  })

  test.each([NaN, -1, -Infinity])('refuses a wait of %d', async (wait) => {
    const operation = vi.fn(fail)
    expect(await settled(retry(operation, { wait }))).toEqual(['rejected', expect.any(RangeError)])
    expect(operation).not.toHaveBeenCalled()
    expect(await settled(retry(operation, { wait: () => wait }))).toEqual(['rejected', expect.any(RangeError)])
    expect(operation).toHaveBeenCalledTimes(1)
    await expect(sleep(wait)).rejects.toThrow(RangeError)
    expect(() => timeout(wait)).toThrow(RangeError)
    expect(() => new Retrying({ maxTime: wait })).toThrow(RangeError)
  })
})

test.each(['retry', 'for await'])('RT-06 %s with zero waits and no bound lets timers and I/O run', async (entry) => {
  let ticks = 0
  let read = false
  const interval = setInterval(() => ticks++, 5)
  readFile(import.meta.filename, () => (read = true))
  // F-61: it goes on until both have had their turn, however long that takes here.
  const operation = (): void => {
    if (ticks < 4 || !read) fail()
  }
  const options = { wait: 0, maxTries: Infinity }
  if (entry === 'retry') await retry(operation, options)
  else for await (const attempt of new Retrying(options)) await attempt.run(operation)
  clearInterval(interval)
  expect(ticks).toBeGreaterThan(3)
  expect(read).toBe(true)
})

describe('RT-07 whatever is thrown comes out as it is', () => {
  const foreign = runInNewContext('new TypeError("foreign")') as Error
  const values: [string, unknown][] = [
    ['undefined', undefined], ['null', null], ['a string', 'x'], ['0', 0], ['NaN', NaN], ['a symbol', Symbol('s')], ['a bigint', 1n],
    ['a frozen object', Object.freeze({ frozen: true })], ['an error of another realm', foreign], ['a function', () => {}],
    ['an object without prototype', Object.create(null)],
    ['an object whose getters throw', Object.defineProperty({}, 'cause', { get: fail })],
    ['a revoked proxy\'s like', new Proxy({}, { getPrototypeOf: () => null })],
  ]
  test.each(values)('%s', async (_, value) => {
    virtual()
    const condition = vi.fn((_details: Details) => false)
    const time = virtual()
    const throwIt = (): never => {
      throw value
    }
    const seen = async (promise: Promise<unknown>): Promise<unknown> => (await time.until(settled(promise)))[1]
    for (const options of [{}, { condition }, { exception: [] }, { after: () => {} }, { giveup: () => true }, { signal: new AbortController().signal }, { maxTime: 1e6 }] satisfies Options[]) {
      expect(await seen(retry(throwIt, options))).toBe(value)
      expect(await seen(retry(() => Promise.reject(value), options))).toBe(value)
      expect(await seen(new Retrying(options).call(throwIt))).toBe(value)
      let thrown: unknown = 'nothing'
      try {
        retrySync(throwIt, options)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBe(value)
    }
    const [details] = condition.mock.calls[0]!
    expect('exception' in details).toBe(true)
    expect(details.exception).toBe(value)
    expect('value' in details).toBe(false)
  })
})

describe('RT-08 an operation may answer in any way', () => {
  const value = { any: 1 }
  const foreign = { then: (resolve: (value: unknown) => void) => resolve(value) }
  const foreignFailure = { then: (_: unknown, reject: (error: unknown) => void) => reject(value) }
  const answers: [string, () => any, string][] = [
    ['a plain value', () => value, 'resolved'],
    ['a promise', async () => value, 'resolved'],
    ['a foreign thenable', () => foreign, 'resolved'],
    ['a synchronous throw', () => { throw value }, 'rejected'],
    ['a rejected promise', () => Promise.reject(value), 'rejected'],
    ['a foreign thenable that fails', () => foreignFailure, 'rejected'],
    ['a thenable whose then throws', () => ({ then: () => { throw value } }), 'rejected'],
    ['a thenable that answers twice', () => ({ then: (resolve: any, reject: any) => (resolve(value), reject(new Error('again')), resolve('again')) }), 'resolved'],
  ]
  const ways: Options[] = [{}, { after: () => {} }, { condition: () => false }, { predicate: () => false }, { signal: new AbortController().signal }, { maxTime: 1e6 }, { use: [{ wrap: (next) => next }] }, { enabled: false }]
  test.each(answers)('%s', async (_, answer, how) => {
    for (const options of ways) {
      expect(await settled(retry(answer, { maxTries: 1, ...options }))).toEqual([how, value])
      expect(await settled(new Retrying({ maxTries: 1, ...options }).call(answer))).toEqual([how, value])
    }
  })

  test('undefined', async () => {
    for (const options of ways) expect(await retry(() => {}, options)).toBe(undefined)
  })
})

describe('RT-09 every plugin hook throws or rejects', () => {
  const names = ['onAttempt', 'before', 'after', 'onSuccess', 'beforeSleep', 'onBackoff', 'onGiveup', 'onAbort'] as const
  const outcomes: [string, Options, () => unknown][] = [
    ['success', {}, () => 'ok'],
    ['failure', {}, fail],
    ['failure never retried', { exception: [] }, fail],
    ['abort', { onBackoff: () => { throw new Error('own') } }, fail],
  ]
  describe.each(['throws', 'rejects'])('it %s', (how) => {
    test.each(outcomes)('%s', async (_, options, operation) => {
      const time = virtual()
      const reportError = vi.fn()
      vi.stubGlobal('reportError', reportError)
      let told = 0
      const broken: Plugin = Object.fromEntries(names.map((name) => [name, () => {
        told++
        if (how === 'rejects') return Promise.reject(new Error(name))
        throw new Error(name)
      }]))
      const later = Object.fromEntries(names.map((name) => [name, vi.fn()]))
      const plain = await time.until(settled(retry(operation, { ...flat, ...options })))
      const watched = await time.until(settled(retry(operation, { ...flat, ...options, use: [broken, later] })))
      await idle()
      expect(watched).toEqual(plain)
      expect(told).toBeGreaterThan(2)
      expect(reportError).toHaveBeenCalledTimes(told)
      expect(Object.values(later).reduce((sum, hook) => sum + hook.mock.calls.length, 0)).toBe(told)
    })
  })

  test('tells the console where there is no reportError', async () => {
    vi.stubGlobal('reportError', undefined)
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    const fault = new Error('broken')
    await retry(() => 1, { use: [{ onSuccess: () => { throw fault } }] })
    expect(error.mock.calls).toEqual([[fault]])
    error.mockRestore()
  })
})

describe('RT-10 maxTime passes while an attempt hangs', () => {
  test('rejects at the deadline, aborts the attempt and calls nothing later', async () => {
    const time = virtual()
    let attempt!: Attempt
    const operation = vi.fn((given: Attempt) => {
      attempt = given
      void attempt.signal
      return hang()
    })
    const promise = settled(retry(operation, { maxTime: 250 }))
    const [how, error] = await time.until(promise)
    expect([how, time.now()]).toEqual(['rejected', 1_250])
    expect(error).toBeInstanceOf(TimeoutError)
    expect(attempt.signal.reason).toBe(error)
    await time.pass(10_000)
    expect(operation).toHaveBeenCalledTimes(1)
    expect(time.pending).toBe(0)
  })

  test('knows what went wrong before', async () => {
    const time = virtual()
    const error = new Error('first')
    let runs = 0
    const [, outcome] = await time.until(settled(retry(() => (runs++ ? hang() : Promise.reject(error)), { ...flat, maxTime: 250 })))
    expect((outcome as Error).cause).toBe(error)
  })

  test('a deadline of 0 still runs the operation once', async () => {
    const time = virtual()
    expect(await time.until(settled(retry(() => 'ok', { maxTime: 0 })))).toEqual(['resolved', 'ok'])
    expect(await time.until(settled(retry(hang, { maxTime: 0 })))).toEqual(['rejected', expect.any(TimeoutError)])
  })

  test.each(['after', 'onGiveup', 'retryErrorCallback'])('drops what the attempt answers while %s still runs', async (slow) => {
    for (const late of [() => 'late', fail]) {
      const time = virtual()
      const told: unknown[] = []
      const tell = (event: string) => (details: Details) => {
        told.push([event, time.now(), details.tries, details.exception])
        return event === slow ? sleep(100) : undefined
      }
      const call = retry(() => sleep(120).then(late), {
        maxTime: 100, wait: 0, after: tell('after'), onSuccess: tell('onSuccess'), onBackoff: tell('onBackoff'), onGiveup: tell('onGiveup'),
        retryErrorCallback: (details) => Promise.resolve(tell('retryErrorCallback')(details)).then(() => 'instead'),
      })
      expect(await time.until(settled(call))).toEqual(['resolved', 'instead'])
      await time.pass(1_000)
      const at = { after: [1_100, 1_200, 1_200], onGiveup: [1_100, 1_100, 1_200], retryErrorCallback: [1_100, 1_100, 1_100] }[slow]!
      expect(told).toEqual(['after', 'onGiveup', 'retryErrorCallback'].map((event, nth) => [event, at[nth], 1, expect.any(TimeoutError)]))
    }
  })

  test('drops what the attempt rejects with later', async () => {
    const time = virtual()
    await time.until(settled(retry(() => sleep(1_000).then(fail), { maxTime: 100 })))
    await time.pass(2_000)
  })
})

describe('RT-11 no sleep that is of no use', () => {
  test.each([[100, 1], [100.5, 2], [201, 3], [1_000, 10]])('maxTime %d with waits of 100 ms makes %d attempts', async (maxTime, runs) => {
    const time = virtual()
    const operation = vi.fn(fail)
    await time.until(settled(retry(operation, { wait: 100, jitter: null, maxTime })))
    expect(operation).toHaveBeenCalledTimes(runs)
    expect(time.now()).toBe(1_000 + 100 * (runs - 1))
  })

  test('never sleeps after the last attempt', async () => {
    const sleep = vi.fn()
    await settled(retry(fail, { ...flat, sleep }))
    expect(sleep).toHaveBeenCalledTimes(2)
  })
})

describe('RT-12 a time for each attempt', () => {
  test('gives each a fresh signal and the reason is a TimeoutError', async () => {
    const time = virtual()
    const signals: AbortSignal[] = []
    const [, error] = await time.until(settled(retry((attempt) => (signals.push(attempt.signal), hang()), { ...flat, use: [timeout(50)] })))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(new Set(signals).size).toBe(3)
    expect(signals.map((signal) => signal.reason)).toEqual([expect.any(TimeoutError), expect.any(TimeoutError), error])
    expect(time.now()).toBe(1_000 + 3 * 50 + 2 * 100)
    expect(time.pending).toBe(0)
  })

  test('is never longer than what maxTime leaves', async () => {
    const time = virtual()
    const [, error] = await time.until(settled(retry(hang, { maxTime: 80, use: [timeout(100)] })))
    expect(time.now()).toBe(1_080)
    expect((error as Error).message).toContain('maxTime')
    expect(time.pending).toBe(0)
  })

  test('does not take the caller\'s abort for a timeout', async () => {
    const time = virtual()
    const controller = new AbortController()
    let attempt!: Attempt
    const promise = settled(retry((given) => (attempt = given, void given.signal, hang()), { ...flat, signal: controller.signal, use: [timeout(50)] }))
    await time.pass(10)
    controller.abort('mine')
    expect(await promise).toEqual(['rejected', 'mine'])
    expect(attempt.signal.reason).toBe('mine')
    await idle()
    expect(time.pending).toBe(0)
  })
})

test('RT-13 an explicit undefined is the same as absent', () => {
  const names = ['wait', 'jitter', 'exception', 'predicate', 'condition', 'giveup', 'maxTries', 'maxTime', 'stop', 'signal', 'sleep', 'name', 'use', 'enabled', 'onAttempt', 'before', 'after', 'onSuccess', 'beforeSleep', 'onBackoff', 'onGiveup', 'retryErrorCallback', 'raiseOnGiveup']
  virtual()
  for (const name of names) {
    const operation = vi.fn(fail)
    expect(() => retrySync(operation, { [name]: undefined }), name).toThrow('down')
    expect(operation, name).toHaveBeenCalledTimes(3)
  }
})

test('RT-14 the last error itself comes out, its cause untouched', async () => {
  const time = virtual()
  const cause = new Error('cause')
  const errors = [new Error('1', { cause }), Object.freeze(new Error('2')), Object.freeze(new Error('3', { cause }))]
  let i = 0
  const [, error] = await time.until(settled(retry(() => Promise.reject(errors[i++]), flat)))
  expect(error).toBe(errors[2])
  expect(errors[2]!.cause).toBe(cause)
})

test.each([-3_600_000, 3_600_000])('RT-15 a wall clock that jumps %d ms has no effect', async (jump) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  const records: Details[] = []
  const promise = settled(retry(() => {
    vi.setSystemTime(Date.now() + jump)
    return fail()
  }, { ...flat, maxTime: 10_000, after: (details) => records.push(details) }))
  await vi.advanceTimersByTimeAsync(200)
  expect((await promise)[0]).toBe('rejected')
  expect(records.map(({ elapsed }) => elapsed)).toEqual([0, 100, 200])
})

describe('RT-36 everything that is given can be shared', () => {
  const deepFreeze = (options: Options): Options => {
    for (const value of Object.values(options)) if (typeof value === 'object' && !(value instanceof AbortSignal)) Object.freeze(value)
    return Object.freeze(options)
  }

  test('frozen options, one strategy and one policy serve a hundred calls at once', async () => {
    const time = virtual()
    const seen = new Map<object, number[]>()
    const plugin: Plugin = Object.freeze({
      wrap: <T>(next: (attempt: Attempt) => T | PromiseLike<T>) => {
        let runs = 0
        return (attempt: Attempt) => {
          expect(attempt.tries).toBe(++runs)
          return next(attempt)
        }
      },
      onAttempt: ({ call, tries }: Details) => {
        seen.set(call, [...(seen.get(call) ?? []), tries])
      },
    })
    const wait = Object.freeze(expo({ factor: 100 }))
    const options = deepFreeze({ wait, jitter: null, maxTries: 6, exception: [Error], use: [plugin], onBackoff: [() => {}], after: () => {} })
    const policy = new Retrying(options)
    const caller = retryingCaller(options)
    const ends: string[] = []
    const calls = Array.from({ length: 100 }, (_, i) => {
      let runs = 0
      const operation = async (): Promise<number> => {
        await sleep(i)
        if (++runs <= i % 5) fail()
        return i
      }
      const call = [() => retry(operation, options), () => policy.call(operation), () => caller(operation)][i % 3]!
      return call().then((value) => {
        expect(time.now()).toBe(1_000 + (runs * i) + 100 * (2 ** (runs - 1) - 1))
        ends.push(`${value}: ${runs}`)
      })
    })
    await time.until(Promise.all(calls))
    expect(ends.sort()).toEqual(Array.from({ length: 100 }, (_, i) => `${i}: ${(i % 5) + 1}`).sort())
    expect([...seen.values()].map((tries) => tries.join()).sort()).toEqual(Array.from({ length: 100 }, (_, i) => Array.from({ length: (i % 5) + 1 }, (_, n) => n + 1).join()).sort())
  })

  test('what is changed in the options after the policy was made changes nothing', async () => {
    const options: any = { ...flat, sleep: () => {}, wait: [100, 100], exception: [Error], use: [], onAttempt: [] }
    const policies = [new Retrying(options), new Retrying(options).copy()]
    const caller = retryingCaller(options)
    options.wait.length = 0
    options.exception.length = 0
    options.maxTries = 1
    options.onAttempt.push(() => { throw new Error('added later') })
    for (const call of [...policies.map((policy) => policy.call.bind(policy)), caller]) {
      const operation = vi.fn(fail)
      await settled((call as any)(operation))
      expect(operation).toHaveBeenCalledTimes(3)
    }
  })
})

describe('RT-37 a whole retry in no real time', () => {
  const scenario = async (advance: () => Promise<unknown>): Promise<void> => {
    const operation = vi.fn(fail)
    const promise = settled(retry(operation, { wait: 60_000, jitter: null, maxTries: 4, maxTime: 3_600_000, use: [timeout(1_000)] }))
    let done = false
    void promise.then(() => (done = true))
    for (let i = 0; i < 10 && !done; i++) await advance()
    expect(done).toBe(true)
    expect(operation).toHaveBeenCalledTimes(4)
  }

  test('with the fake timers of vitest, which are those of sinon', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
    await scenario(() => vi.advanceTimersByTimeAsync(60_000))
  })

  test('with fake timers that leave performance alone', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await scenario(() => vi.advanceTimersByTimeAsync(60_000))
  })

  test('with the mock timers of node:test', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] })
    try {
      await scenario(async () => {
        await idle()
        mock.timers.tick(60_000)
        await idle()
      })
    } finally {
      mock.timers.reset()
    }
  })

  test('with a clock of one\'s own', async () => {
    const time = virtual()
    await scenario(() => time.pass(60_000))
  })

  test('in a synchronous call', () => {
    const time = virtual()
    expect(() => retrySync(fail, { wait: 60_000, jitter: null })).toThrow('down')
    expect(time.now()).toBe(121_000)
  })
})

test('RT-38 a one-shot body is made anew for each attempt', async () => {
  const bodies: string[] = []
  await settled(retry(async () => {
    const body = new Blob(['payload']).stream()
    bodies.push(await new Response(body).text())
    fail()
  }, { ...flat, sleep: () => {} }))
  expect(bodies).toEqual(['payload', 'payload', 'payload'])
})

describe('RT-43 an error that says it is not retryable', () => {
  const errors = [new NonRetryableError('no'), Object.assign(new Error('open'), { retryable: false }), { retryable: false }]
  test.each(errors)('ends the call, however broad the filter: %s', async (error) => {
    for (const options of [{}, { exception: Error }, { exception: [Error, Object] }, { exception: Object as never, predicate: () => true }, { giveup: () => 5 }]) {
      const refused = vi.fn(fail)
      const plugin: Plugin = { wrap: () => () => { throw error } }
      expect(await settled(retry(refused, { ...flat, ...options, use: [plugin] }))).toEqual(['rejected', error])
      expect(refused).not.toHaveBeenCalled()
    }
  })

  test('is retried only if condition says so', async () => {
    const operation = vi.fn(() => Promise.reject(errors[0]))
    await settled(retry(operation, { ...flat, sleep: () => {}, condition: () => true }))
    expect(operation).toHaveBeenCalledTimes(3)
  })
})

describe('RT-44 an error that never matched is thrown, not swallowed', () => {
  const never: [string, Options][] = [
    ['exception', { exception: TypeError }], ['predicate', { predicate: () => true }], ['condition', { condition: () => false }],
  ]
  test.each(never)('by %s', async (_, options) => {
    const retryErrorCallback = vi.fn()
    for (const more of [{ raiseOnGiveup: false }, { retryErrorCallback }, { raiseOnGiveup: false, retryErrorCallback }]) {
      expect((await settled(retry(fail, { ...options, ...more })))[0]).toBe('rejected')
      expect(() => retrySync(fail, { ...options, ...more })).toThrow('down')
    }
    expect(retryErrorCallback).not.toHaveBeenCalled()
  })
})

