import { type Attempt, disable, expo, NonRetryableError, type Plugin, retry, retrySync, retryAfter, Retrying, sleep, timeout, TimeoutError, waitSum } from '@backon/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HedgeLostError } from './error.ts'
import { hedge } from './hedge.ts'
import { hedging } from './hedging.ts'
import type { HedgeBudget, HedgeOptions } from './options.ts'

interface Copy {
  after?: number
  fails?: unknown
  value?: unknown
  /** Answers even when it is aborted. */
  deaf?: boolean
}

/** An operation whose copies behave as listed, the last one for ever. */
const service = (...plan: Copy[]) => {
  const starts: number[] = []
  const attempts: Attempt[] = []
  const operation = async (attempt: Attempt): Promise<any> => {
    starts.push(performance.now())
    const copy = attempts.push(attempt)
    const { after = 0, fails, value = `copy ${copy}`, deaf } = plan[Math.min(copy, plan.length) - 1]!
    if (after) await sleep(after, deaf ? undefined : attempt.signal)
    if (fails !== undefined) throw fails
    return value
  }
  return Object.assign(operation, { starts, attempts })
}

const once = (operation: (attempt: Attempt) => unknown, options: HedgeOptions, others = {}): Promise<any> =>
  retry(operation as any, { maxTries: 1, ...others, use: [hedging(options)] })

/** Runs for so long, and says how it ended, and when. */
const settled = async (promise: Promise<unknown>, ms = 10_000): Promise<{ at?: number; value?: unknown; error?: any }> => {
  const seen = {}
  promise.then(
    (value) => Object.assign(seen, { at: performance.now(), value }),
    (error: unknown) => Object.assign(seen, { at: performance.now(), error }),
  )
  await vi.advanceTimersByTimeAsync(ms)
  return seen
}

const failure = (message: string, facts = {}): Error => Object.assign(new Error(message), facts)
/** What an open circuit, a full limit or a spent budget throws. */
const refusal = (facts = {}): Error => failure('refused', { refused: true, refusedBy: 'circuit', retryable: false, ...facts })

let reported = vi.fn()
beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  vi.stubGlobal('reportError', (reported = vi.fn()))
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('F-40 a refused copy', () => {
  test('decides nothing: the copy that is out does, and no further one starts', async () => {
    const operation = service({ after: 50 }, { fails: refusal() })
    expect(await settled(once(operation, { wait: 10 }))).toEqual({ at: 50, value: 'copy 1' })
    expect(operation.starts).toEqual([0, 10])
    expect(operation.attempts[0]!.aborted).toBe(false)
  })

  test('is not the outcome when a copy that ran has failed, whichever was last', async () => {
    const error = failure('ran')
    expect((await settled(once(service({ after: 50, fails: error }, { fails: refusal() }), { wait: 10 }))).error).toBe(error)
    expect((await settled(once(service({ after: 20, fails: error }, { after: 50, fails: refusal({ retryAfter: 9 }) }), { wait: 10 }))).error).toBe(error)
  })

  test('that is alone is the outcome, at once', async () => {
    const error = refusal()
    const operation = service({ fails: error })
    expect(await settled(once(operation, { wait: 10 }))).toEqual({ at: 0, error })
    expect(operation.starts).toEqual([0])
  })

  test('that is one of several: the last comes out', async () => {
    const errors = [refusal(), refusal()]
    expect((await settled(once(service({ after: 20, fails: errors[0] }, { after: 30, fails: errors[1] }), { wait: 10, maxHedge: 2 }))).error).toBe(errors[1])
  })

  test('refuses synchronously too', () => {
    const error = refusal()
    const operation = vi.fn(() => { throw error })
    expect(() => retrySync(operation, { maxTries: 1, use: [hedging({ wait: 0 })] })).toThrow(error)
    expect(operation).toHaveBeenCalledTimes(1)
  })

  test('keeps a copy from starting that waits for onHedge', async () => {
    const operation = service({ after: 15, fails: refusal() })
    const seen = await settled(once(operation, { wait: 10, onHedge: () => sleep(100) }))
    expect([seen.at, seen.error.refused, operation.starts]).toEqual([15, true, [0]])
  })
})

describe('eager: false', () => {
  test('starts copies by time alone', async () => {
    const operation = service({ after: 20, fails: failure('one') }, { after: 100, fails: failure('two') }, { after: 5 })
    expect(await settled(once(operation, { wait: 15, eager: false }))).toEqual({ at: 35, value: 'copy 3' })
    expect(operation.starts).toEqual([0, 15, 30])
  })

  test('leaves the timer of the next copy as it is when one fails', async () => {
    const operation = service({ after: 500 }, { after: 10, fails: failure('x') }, { after: 500 })
    await settled(once(operation, { wait: [10, 100, 100], maxHedge: 4, eager: false }))
    expect(operation.starts).toEqual([0, 10, 110, 210])
  })

  test('is true or false and nothing else', () => {
    expect(() => hedging({ eager: 'no' as any })).toThrow(new TypeError('eager must be a boolean; got "no"'))
  })

  test('with no copy running fails at once', async () => {
    const error = failure('alone')
    const operation = service({ after: 5, fails: error })
    expect(await settled(once(operation, { wait: 100, eager: false }))).toEqual({ at: 5, error })
  })
})

describe('F-46 when all have failed', () => {
  test('the error that says when to come back comes before those that do not', async () => {
    const hint = failure('busy', { retryAfter: 30_000 })
    const operation = service({ after: 50, fails: failure('last') }, { after: 10, fails: hint })
    expect(await settled(once(operation, { wait: 10 }))).toEqual({ at: 50, error: hint })
  })

  test('each is told to onHedgeFail, of the options and of plugins, with how long it took', async () => {
    const onHedgeFail = vi.fn()
    const watcher = { onHedgeFail: vi.fn() }
    const errors = [failure('one'), failure('two')]
    const operation = service({ after: 30, fails: errors[0] }, { after: 5, fails: errors[1] })
    await settled(retry(operation, { maxTries: 1, name: 'load', use: [watcher, hedging({ wait: 10, maxHedge: 2, onHedgeFail })] }))
    for (const told of [onHedgeFail, watcher.onHedgeFail])
      expect(told.mock.calls.map(([{ copy, duration, exception, name }]) => [copy, duration, exception, name])).toEqual([[2, 5, errors[1], 'load'], [1, 30, errors[0], 'load']])
  })

  test('a plugin that listens alone is told how long it took', async () => {
    const onHedgeFail = vi.fn()
    await settled(retry(service({ after: 30, fails: failure('x') }), { maxTries: 1, use: [{ onHedgeFail }, hedging({ wait: 100, maxHedge: 1 })] }))
    expect(onHedgeFail.mock.calls[0]![0].duration).toBe(30)
  })

  test('onHedgeFail is not told of a refusal, nor of a copy that lost', async () => {
    const onHedgeFail = vi.fn()
    await settled(once(service({ after: 50 }, { fails: refusal() }), { wait: 10, onHedgeFail }))
    await settled(once(service({ after: 50 }, { after: 1 }), { wait: 10, onHedgeFail }))
    expect(onHedgeFail).not.toHaveBeenCalled()
  })

  test('what onHedgeFail throws is reported and changes nothing', async () => {
    const error = failure('handler')
    const seen = await settled(once(service({ fails: failure('x') }, {}), { wait: 10, onHedgeFail: () => { throw error } }))
    expect([seen.value, reported.mock.calls]).toEqual(['copy 2', [[error]]])
  })

  test('outer layers see classes and hints: retryAfter() waits as long as was asked', async () => {
    class HttpError extends Error {
      retryAfter = 30_000
    }
    const operation = service({ fails: new HttpError('429') }, { value: 'fine' })
    const seen = await settled(retry(operation, { exception: HttpError, wait: retryAfter(), use: [hedging({ wait: 10 })] }), 40_000)
    expect(seen).toEqual({ at: 30_000, value: 'fine' })
  })
})

describe('F-47 a failure that carries a hint', () => {
  test.each([
    ['an error with retryAfter', failure('busy', { retryAfter: 1_000 })],
    ['an error with a response', failure('busy', { response: new Response('', { status: 429, headers: { 'retry-after': '1' } }) })],
    ['zero', failure('busy', { retryAfter: 0 })],
  ])('starts no copy: %s', async (_, error) => {
    const operation = service({ after: 5, fails: error })
    expect(await settled(once(operation, { wait: 10 }))).toEqual({ at: 5, error })
    expect(operation.starts).toEqual([0])
  })

  test('nor does one start by time; who is out goes on', async () => {
    const operation = service({ after: 200 }, { after: 5, fails: failure('busy', { retryAfter: 1_000 }) })
    expect(await settled(once(operation, { wait: 10, maxHedge: 5 }))).toEqual({ at: 200, value: 'copy 1' })
    expect(operation.starts).toEqual([0, 10])
  })

  test.each<[string, Plugin[]]>([
    ['its own timeout', [hedging({ wait: 10, timeout: 100 })]],
    ['a timeout around it', [timeout(100), hedging({ wait: 10 })]],
  ])('is not lost when %s ends the attempt while another copy is out', async (_, use) => {
    const operation = service({ after: 9_999 }, { after: 5, fails: failure('busy', { retryAfter: 1_000 }) }, { value: 'fine' })
    expect(await settled(retry(operation, { wait: retryAfter({ fallback: 1 }), use }))).toEqual({ at: 1_100, value: 'fine' })
  })

  test('is not put on what the caller aborts with', async () => {
    const operation = service({ after: 9_999 }, { after: 5, fails: failure('busy', { retryAfter: 1_000 }) })
    const late = new DOMException('late', 'TimeoutError')
    const controller = new AbortController()
    setTimeout(() => controller.abort(late), 50)
    expect(await settled(once(operation, { wait: 10 }, { signal: controller.signal }))).toEqual({ at: 50, error: late })
    expect('retryAfter' in late).toBe(false)
  })

  test('a value that is a failure has hints too', async () => {
    const busy = new Response('', { status: 429, headers: { 'retry-after': '30' } })
    const operation = service({ value: busy })
    expect((await settled(once(operation, { wait: 10, isFailure: ({ value }: any) => value.status >= 400 }))).value).toBe(busy)
    expect(operation.starts).toEqual([0])
  })
})

describe('F-48 isFailure', () => {
  const isFailure: HedgeOptions['isFailure'] = ({ value, exception }) => exception !== undefined || (value as any) === 503

  test('a value that is a failure does not win while another copy is out', async () => {
    expect(await settled(once(service({ after: 50, value: 200 }, { after: 5, value: 503 }), { wait: 10, isFailure }))).toEqual({ at: 50, value: 200 })
  })

  test('such a value starts the next copy at once, as an error does', async () => {
    const operation = service({ after: 5, value: 503 }, { after: 5, value: 200 })
    expect(await settled(once(operation, { wait: 100, isFailure }))).toEqual({ at: 10, value: 200 })
  })

  test('when all end so, the last of them comes out as it is', async () => {
    const error = failure('x')
    expect((await settled(once(service({ fails: error }, { value: 503 }), { wait: 10, maxHedge: 2, isFailure }))).value).toBe(503)
    expect((await settled(once(service({ value: 503 }, { fails: error }), { wait: 10, maxHedge: 2, isFailure }))).error).toBe(error)
  })

  test('an exception that is none decides', async () => {
    const notFound = failure('404')
    const operation = service({ after: 50 }, { fails: notFound })
    expect(await settled(once(operation, { wait: 10, isFailure: ({ exception }) => exception !== notFound }))).toEqual({ at: 10, error: notFound })
    expect(operation.attempts[0]!.reason).toBeInstanceOf(HedgeLostError)
  })

  test("'ignore' neither wins while another is out nor starts a copy", async () => {
    const ignore = ({ value }: any) => value === 429 && ('ignore' as const)
    const operation = service({ after: 50, value: 200 }, { after: 5, value: 429 })
    expect(await settled(once(operation, { wait: 10, isFailure: ignore }))).toEqual({ at: 50, value: 200 })
    expect(operation.starts).toEqual([0, 10, 20])
    expect((await settled(once(service({ after: 5, value: 429 }), { wait: 10, isFailure: ignore }))).value).toBe(429)
  })

  test('a value that is a failure does not end the hedge, whatever it says of retries', async () => {
    const operation = service({ value: { retryable: false, refused: true } }, { value: 'fine' })
    expect((await settled(once(operation, { wait: 10, isFailure: ({ value }) => value !== 'fine' }))).value).toBe('fine')
  })

  test('is given the record of the attempt with the copy, its outcome and its time', async () => {
    const seen: unknown[] = []
    const spy = (details: any) => {
      seen.push([details.name, details.tries, details.copy, details.duration, 'value' in details ? details.value : details.exception])
      return 'exception' in details
    }
    const error = failure('x')
    await settled(once(service({ after: 7, fails: error }, { after: 3 }), { wait: 10, isFailure: spy }, { name: 'load' }))
    expect(seen).toEqual([['load', 1, 1, 7, error], ['load', 1, 2, 3, 'copy 2']])
  })

  test('is not asked about a refusal', async () => {
    const spy = vi.fn(() => false)
    await settled(once(service({ fails: refusal() }), { wait: 10, isFailure: spy }))
    expect(spy).not.toHaveBeenCalled()
  })

  test.each([
    ['F-50 throws', () => { throw failure('judge') }, 'judge'],
    ['F-09 gives a promise', async () => Promise.reject(failure('late')), 'isFailure must answer at once'],
  ])('that %s is reported once, and the default judges', async (_, broken, message) => {
    const plugin = hedging({ wait: 10, isFailure: broken as any })
    const operation = service({ fails: failure('x') }, { fails: failure('y') }, { value: 'fine' })
    expect((await settled(retry(operation, { maxTries: 1, use: [plugin] }))).value).toBe('fine')
    expect(reported).toHaveBeenCalledTimes(1)
    expect(reported.mock.calls[0]![0].message).toContain(message)
  })
})

describe('F-44 what lost', () => {
  test('rejects with an AbortError by name that says so', async () => {
    const operation = service({ after: 500 }, { after: 1 })
    await settled(once(operation, { wait: 10 }))
    expect(operation.attempts[0]!.reason).toMatchObject({ name: 'AbortError', lost: true })
  })

  test('a copy that has thrown is not aborted afterwards: what it had started together with it would reject unheard', async () => {
    const operation = service({ after: 5, fails: failure('x') }, { after: 5 })
    await settled(once(operation, { wait: 10 }))
    expect(operation.attempts[0]!.aborted).toBe(false)
  })
})

describe('F-49 nothing is left', () => {
  test('no timer, where the allowance has refused a copy', async () => {
    const error = failure('x')
    await expect(hedge(async () => Promise.reject(error), { wait: 5_000, maxExtraLoad: 0.05 })).rejects.toBe(error)
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([0, 20])('no value: when the abort comes some microtasks after a copy that took %i ms has answered, it is taken or goes to onDiscard', async (after) => {
    const outcomes = new Set<unknown>()
    for (let microtasks = 0; microtasks < 10; microtasks++) {
      const onDiscard = vi.fn()
      const controller = new AbortController()
      const abortSoon = async () => {
        for (let i = 0; i < microtasks; i++) await Promise.resolve()
        controller.abort('gone')
      }
      const operation = async ({ signal }: Attempt) => {
        if (after) await sleep(after, signal)
        void abortSoon()
        return 'taken'
      }
      const { value, error } = await settled(once(operation, { wait: 50, onDiscard }, { signal: controller.signal }))
      expect([value ?? error, onDiscard.mock.calls.length]).toEqual(value ? ['taken', 0] : ['gone', 1])
      outcomes.add(value ?? error)
    }
    expect(outcomes).toEqual(new Set(['gone', 'taken']))
  })

  test('a value that was taken is not discarded when its caller aborts afterwards', async () => {
    const onDiscard = vi.fn()
    const controller = new AbortController()
    const value = await once(async () => 'connection', { wait: 50, onDiscard }, { signal: controller.signal })
    controller.abort()
    await vi.advanceTimersByTimeAsync(0)
    expect([value, onDiscard.mock.calls]).toEqual(['connection', []])
  })

  test('a value that was turned down goes to onDiscard, and its signal aborts', async () => {
    const onDiscard = vi.fn()
    const operation = service({ after: 5, value: 'bad' }, { after: 5, value: 'good' })
    const seen = await settled(once(operation, { wait: 100, onDiscard, isFailure: ({ value }: any) => value === 'bad' }))
    expect([seen.value, onDiscard.mock.calls]).toEqual(['good', [['bad']]])
    expect(operation.attempts.map(({ reason }: any) => reason?.lost)).toEqual([true, undefined])
  })

  test('of several values that were turned down the one that comes out is kept, and its signal', async () => {
    const onDiscard = vi.fn()
    const operation = service({ value: 'first' }, { value: 'second' })
    const seen = await settled(once(operation, { wait: 100, maxHedge: 2, onDiscard, isFailure: () => true }))
    expect([seen.value, onDiscard.mock.calls, operation.attempts.map(({ aborted }) => aborted)]).toEqual(['second', [['first']], [true, false]])
  })

  test('of values that were turned down the one with a hint comes out, and the others go to onDiscard', async () => {
    const onDiscard = vi.fn()
    const [busy, bad] = [new Response('', { status: 429, headers: { 'retry-after': '30' } }), new Response('', { status: 500 })]
    const operation = service({ after: 20, value: bad }, { after: 5, value: busy })
    const seen = await settled(once(operation, { wait: 10, onDiscard, isFailure: ({ value }: any) => value.status >= 400 }))
    expect([seen.value, onDiscard.mock.calls, operation.attempts.map(({ aborted }) => aborted)]).toEqual([busy, [[bad]], [true, false]])
  })

  test('an error that comes too late is no value: onDiscard does not get it', async () => {
    const onDiscard = vi.fn()
    await settled(once(service({ after: 50, deaf: true, fails: failure('late') }, { after: 5 }), { wait: 10, onDiscard }))
    expect(onDiscard).not.toHaveBeenCalled()
  })

  test('when the timeout has passed, the error says which', async () => {
    const { error } = await settled(once(service({ after: 500 }), { wait: 10, timeout: 40 }))
    expect([error.name, error.message]).toEqual(['TimeoutError', 'no result within 40 ms'])
  })

  test('no timer, where no further copy is to come by time', async () => {
    const controller = new AbortController()
    const promise = once(() => new Promise(() => {}), { wait: Infinity }, { signal: controller.signal })
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
    controller.abort('gone')
    await expect(promise).rejects.toBe('gone')
  })

  test('an abort before anything was waited for ends it with its reason, for the layers around it too', async () => {
    const controller = new AbortController()
    const seen: unknown[] = []
    const around: Plugin = { wrap: (next) => (attempt) => Promise.resolve(next(attempt)).catch((error) => { throw seen.push(error) && error }) }
    const promise = retry(() => new Promise(() => {}), { signal: controller.signal, use: [around, hedging({ wait: 10 })] })
    controller.abort('gone')
    await expect(promise).rejects.toBe('gone')
    await vi.advanceTimersByTimeAsync(0)
    expect([seen, reported.mock.calls]).toEqual([['gone'], []])
  })

  test('a strategy that has run out is not asked again', async () => {
    const wait = vi.fn(() => undefined)
    await settled(once(service({ after: 50, fails: failure('x') }), { wait }))
    expect(wait).toHaveBeenCalledTimes(1)
  })

  test('no listener on the attempt around it', async () => {
    const undo = vi.fn()
    const outer: Plugin = {
      wrap: (next) => (attempt) => {
        const whenAborted = attempt.whenAborted.bind(attempt)
        attempt.whenAborted = (listener) => (whenAborted(listener), undo)
        return next(attempt)
      },
    }
    await settled(retry(service({ after: 20 }), { use: [outer, hedging({ wait: 50 })] }))
    expect(undo).toHaveBeenCalledTimes(1)
  })

  test('the strategy is asked once a copy', async () => {
    const asked: number[] = []
    const wait = ({ tries }: { tries: number }) => (asked.push(tries), 10)
    await settled(once(service({ after: 100 }), { wait, maxHedge: 3 }))
    expect(asked).toEqual([1, 2])
    asked.length = 0
    await settled(once(service({ after: 100 }), { wait, maxHedge: 3, maxExtraLoad: 0 }))
    expect(asked).toEqual([1])
  })
})

describe('F-24 hostile values', () => {
  test('a result whose then throws is a failure', async () => {
    const error = failure('then')
    for (const hostile of [{ get then() { throw error } }, { then() { throw error } }])
      expect((await settled(once(() => hostile, { wait: 10, maxHedge: 1 }))).error).toBe(error)
  })

  test('a result that calls back more than once counts once, and its then is read once', async () => {
    let reads = 0
    const twice = {
      get then() {
        reads++
        return (resolve: any, reject: any) => {
          resolve('first')
          resolve('second')
          reject(failure('third'))
          throw failure('fourth')
        }
      },
    }
    const onDiscard = vi.fn()
    expect((await settled(once(() => twice, { wait: 10, onDiscard }))).value).toBe('first')
    expect([reads, onDiscard.mock.calls]).toEqual([1, []])
  })

  test('a thenable that resolves with another is followed to its end', async () => {
    const operation = () => ({ then: (resolve: any) => resolve({ then: (_: unknown, reject: any) => reject(failure('inner')) }) })
    expect((await settled(once(operation, { wait: 10, maxHedge: 1 }))).error.message).toBe('inner')
  })

  test('something that has only borrowed the then of a promise fails', async () => {
    expect((await settled(once(() => Object.create(Promise.prototype), { wait: 10, maxHedge: 1 }))).error).toBeInstanceOf(TypeError)
  })

  test('what is thrown comes out as it is, whatever its getters do', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const thrower = { get refused() { throw failure('getter') }, get retryable() { throw failure('getter') } }
    for (const thrown of [proxy, thrower]) {
      const seen = await retry(() => { throw thrown }, { maxTries: 1, use: [hedging({ wait: 10 })] }).catch((error: unknown) => [error])
      expect((seen as unknown[])[0] === thrown).toBe(true)
    }
  })
})

describe('F-27 time', () => {
  test('a wait that no timer holds is waited for all the same', async () => {
    const wait = 2 ** 31 + 1_000
    const operation = service({ after: 2 ** 32 }, { after: 1 })
    expect((await settled(once(operation, { wait, maxHedge: 2 }), 2 ** 32)).at).toBe(wait + 1)
    expect(operation.starts).toEqual([0, wait])
  })

  test('so is a timeout', async () => {
    const seen = await settled(once(service({ after: 2 ** 32, deaf: true }), { maxHedge: 1, timeout: 2 ** 31 + 5 }), 2 ** 33)
    expect([seen.at, seen.error.name]).toEqual([2 ** 31 + 5, 'TimeoutError'])
  })

  test.each([
    ['expo()', expo({ factor: 10 }), [0, 10, 30]],
    ['waitSum', waitSum(5, expo({ factor: 10 })), [0, 15, 40]],
  ])('no wait is spread: %s', async (_, wait, starts) => {
    const operation = service({ after: 100 })
    await settled(once(operation, { wait }))
    expect(operation.starts).toEqual(starts)
  })

  test("'100' is no time", async () => {
    for (const options of [{ wait: '100' }, { wait: ['100'] }, { timeout: '100' }] as any[]) expect(() => hedging(options)).toThrow(TypeError)
    expect((await settled(once(service({ after: 500 }), { wait: (() => '100') as any }))).error).toBeInstanceOf(TypeError)
  })
})

describe('budget', () => {
  const budgetOf = (balance: number) => {
    const told: string[] = []
    const budget: HedgeBudget = {
      take: (kind) => (told.push(balance > 0 ? `take ${kind}` : `refuse ${kind}`), balance-- > 0),
      giveBack: (kind) => void told.push(`give back ${kind}`),
      earn: () => void told.push('earn'),
    }
    return { budget, told }
  }

  test('pays for each further copy; what it refuses does not start, and it is not asked again', async () => {
    const { budget, told } = budgetOf(1)
    const operation = service({ after: 100 })
    expect((await settled(once(operation, { wait: 10, maxHedge: 5, budget }))).value).toBe('copy 1')
    expect([operation.starts, told]).toEqual([[0, 10], ['take copy', 'refuse copy']])
  })

  test('is given the record, and the plugins to tell', async () => {
    const take = vi.fn(() => false)
    const plugin: Plugin = { onHedge() {} }
    await settled(retry(service({ after: 20 }), { name: 'load', use: [plugin, hedging({ wait: 10, budget: { take, giveBack() {}, earn() {} } })] }))
    expect(take.mock.calls).toEqual([['copy', expect.objectContaining({ name: 'load', copy: 2 }), expect.arrayContaining([plugin])]])
  })

  test('spent, the failure of the only copy is the outcome at once', async () => {
    const error = failure('x')
    expect(await settled(once(service({ after: 5, fails: error }), { wait: 10, budget: budgetOf(0).budget }))).toEqual({ at: 5, error })
  })

  test('gets back what was paid for a copy that was refused, or that never ran', async () => {
    const refused = budgetOf(9)
    await settled(once(service({ after: 50 }, { fails: refusal() }), { wait: 10, budget: refused.budget }))
    expect(refused.told).toEqual(['take copy', 'give back copy'])
    const late = budgetOf(9)
    await settled(once(service({ after: 50 }), { wait: 10, budget: late.budget, onHedge: () => new Promise(() => {}) }))
    expect(late.told).toEqual(['take copy', 'give back copy'])
    const first = budgetOf(9)
    await settled(once(service({ fails: refusal() }), { wait: 10, budget: first.budget }))
    expect(first.told).toEqual([])
  })

  test('what the allowance has taken for a copy that a budget then refuses is given back', async () => {
    const { budget } = budgetOf(0)
    const plugin = hedging({ wait: 10, maxHedge: 2, maxExtraLoad: 1, budget })
    for (let i = 0; i < 4; i++) await settled(retry(service({ after: 50 }), { use: [plugin] }))
    budget.take = () => true
    const operations = [1, 2, 3, 4].map(() => service({ after: 50 }))
    for (const operation of operations) await settled(retry(operation, { use: [plugin] }))
    expect(operations.map(({ starts }) => starts.length)).toEqual([2, 2, 2, 2])
  })

  test('earns by a hedge that is the whole call, on success alone; not where it is a plugin itself', async () => {
    const whole = budgetOf(9)
    await settled(hedge(service({ fails: new NonRetryableError('x') }), { budget: whole.budget }))
    await settled(hedge(service({ fails: failure('404') }), { budget: whole.budget, isFailure: () => false }))
    expect(whole.told).toEqual([])
    await settled(hedge(service({}), { budget: whole.budget }))
    expect(whole.told).toEqual(['earn'])
    const part = budgetOf(9)
    await settled(once(service({}), { budget: part.budget }))
    await settled(hedge(service({}), { budget: part.budget, use: [part.budget as Plugin] }))
    expect(part.told).toEqual([])
  })

  test('is refused when it is none', () => {
    expect(() => hedging({ budget: {} as any })).toThrow('budget.take must be a function')
  })
})

describe('maxExtraLoad', () => {
  test('a copy that was refused has cost nothing', async () => {
    const plugin = hedging({ wait: 10, maxHedge: 2, maxExtraLoad: 1 })
    await settled(retry(service({ after: 50 }, { fails: refusal() }), { use: [plugin] }))
    const operation = service({ after: 50 })
    await settled(retry(operation, { use: [plugin] }))
    expect(operation.starts.map((start) => start % 100)).toEqual([0, 10])
  })

  test('each copy is asked for anew: for its first asking two have to be saved, for the next one', async () => {
    const plugin = hedging({ wait: 10, maxExtraLoad: 1 })
    const operation = service({ after: 100 })
    const promise = retry(operation, { use: [plugin] })
    await vi.advanceTimersByTimeAsync(15)
    await retry(async () => 1, { use: [plugin] })
    await settled(promise)
    expect(operation.starts).toEqual([0, 20, 40])
  })
})

describe('attempt.copy', () => {
  test('counts the copies, for the operation and for plugins inside, through all that is forked', async () => {
    const inside: number[] = []
    const inner: Plugin = { wrap: (next) => (attempt) => (inside.push(attempt.copy), next(attempt)) }
    const operation = service({ after: 100 })
    await settled(retry(operation, { use: [hedging({ wait: 10 }), timeout(500), inner] }))
    expect([inside, operation.attempts.map(({ copy }) => copy)]).toEqual([[1, 2, 3], [1, 2, 3]])
  })

  test('is 1 outside', async () => {
    const seen: number[] = []
    const outer: Plugin = { wrap: (next) => (attempt) => (seen.push(attempt.copy), next(attempt)) }
    await settled(retry(service({ after: 100 }), { use: [outer, hedging({ wait: 10 })] }))
    expect(seen).toEqual([1])
  })
})

describe('compositions', () => {
  test('a hedge in a hedge: each copy of the outer is hedged by the inner', async () => {
    const operation = service({ after: 100 })
    await settled(retry(operation, { use: [hedging({ wait: 30, maxHedge: 2 }), hedging({ wait: 10, maxHedge: 2 })] }))
    expect(operation.starts).toEqual([0, 10, 30, 40])
    expect(operation.attempts.map(({ copy }) => copy)).toEqual([1, 2, 1, 2])
    expect(operation.attempts.map(({ aborted }) => aborted)).toEqual([false, true, true, true])
  })

  test('the same hedge twice acts once', async () => {
    const operation = service({ after: 100 })
    const plugin = hedging({ wait: 10, maxHedge: 2 })
    await settled(retry(operation, { use: [plugin, plugin] }))
    expect(operation.starts).toEqual([0, 10])
  })

  test('a retry inside retries each copy; one outside hedges each attempt', async () => {
    const retrying = new Retrying({ maxTries: 2, wait: 5, jitter: null })
    const inside = service({ after: 50 }, { fails: failure('x') }, { after: 1 })
    expect(await settled(retry(inside, { maxTries: 1, use: [hedging({ wait: 10, maxHedge: 2 }), retrying] }))).toEqual({ at: 16, value: 'copy 3' })
    const outside = service({ fails: failure('x') }, { fails: failure('y') }, { after: 1 })
    await settled(retry(outside, { maxTries: 1, use: [new Retrying({ maxTries: 2, wait: 5, jitter: null }), hedging({ wait: 10, maxHedge: 2 })] }))
    expect(outside.attempts.map(({ copy }) => copy)).toEqual([1, 2, 1])
  })

  test('disable() runs one copy, which is copy 1', async () => {
    const off = disable()
    const operation = service({ after: 20 })
    const promise = once(operation, { wait: 0 })
    off()
    await settled(promise)
    expect(operation.attempts.map(({ copy }) => copy)).toEqual([1])
  })

  test('F-26 leaving a scope aborts all copies', async () => {
    const operation = service({ after: 1_000 })
    const retrying = new Retrying({ use: [hedging({ wait: 10 })] })
    retrying.call(() => hedge(operation, { wait: 10 })).catch(() => {})
    const policy = new Retrying({ use: [hedging({ wait: 10 })] })
    const promise = policy.run(operation).catch((error: Error) => error.name)
    await vi.advanceTimersByTimeAsync(15)
    await policy[Symbol.asyncDispose]()
    expect(await promise).toBe('AbortError')
    expect(operation.attempts.filter(({ aborted }) => aborted).length).toBe(2)
    await vi.advanceTimersByTimeAsync(2_000)
  })
})

describe('synchronous copies', () => {
  test.each([undefined, null, 0])('that return %s have answered', (value) => {
    const operation = vi.fn(() => value)
    expect(retrySync(operation, { maxTries: 1, use: [hedging({ wait: 10 })] })).toBe(value)
    expect(operation).toHaveBeenCalledTimes(1)
  })

  test('of which the last is not retryable: its error comes out', () => {
    const fatal = new NonRetryableError('fatal')
    let copies = 0
    const operation = vi.fn(() => { throw ++copies === 2 ? fatal : failure('x') })
    expect(() => retrySync(operation, { maxTries: 1, use: [hedging({ wait: 10 })] })).toThrow(fatal)
    expect(operation).toHaveBeenCalledTimes(2)
  })

  test('of any number', () => {
    const operation = vi.fn(() => { throw failure('x') })
    expect(() => retrySync(operation, { maxTries: 1, use: [hedging({ maxHedge: 20_000 })] })).toThrow('x')
    expect(operation).toHaveBeenCalledTimes(20_000)
  })

  test('an attempt that is already aborted when its operation returns is over, and the value is discarded', async () => {
    const onDiscard = vi.fn()
    const controller = new AbortController()
    const leaves = (): string => {
      controller.abort(null)
      return 'connection'
    }
    const seen = await once(leaves, { wait: 10, onDiscard }, { signal: controller.signal }).catch((error: unknown) => [error])
    expect([seen, onDiscard.mock.calls]).toEqual([[null], [['connection']]])
  })

  test('an attempt that is aborted with null while it is waited for is over', async () => {
    const controller = new AbortController()
    const operation = service({ after: 100, deaf: true })
    const promise = once(operation, { wait: 10 }, { signal: controller.signal }).catch((error: unknown) => [error])
    await vi.advanceTimersByTimeAsync(15)
    controller.abort(null)
    await vi.advanceTimersByTimeAsync(100)
    expect([await promise, operation.starts.length]).toEqual([[null], 2])
  })
})

describe('what is learned', () => {
  const learned = async (operation: (attempt: Attempt) => unknown, options: HedgeOptions = {}, others = {}): Promise<number[]> => {
    const seen: number[] = []
    const wait = Object.assign(() => 10, { observe: (latency: number) => seen.push(latency) })
    await settled(once(operation, { wait, maxHedge: 2, ...options }, others).catch(() => {}))
    return seen
  }

  test.each([
    ['a fatal error of copy 2', service({ after: 500 }, { fails: new NonRetryableError('x') })],
    ['a fatal TimeoutError of copy 2', service({ after: 500 }, { fails: Object.assign(new TimeoutError(), { retryable: false }) })],
    ['a first copy that was refused', service({ after: 50, fails: refusal() }, { after: 90 })],
    ['a first copy that failed', service({ after: 50, fails: failure('x') }, { after: 90 })],
  ])('nothing from %s', async (_, operation) => {
    expect(await learned(operation)).toEqual([])
  })

  test('nothing from a caller that leaves', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 15)
    expect(await learned(service({ after: 500 }), {}, { signal: controller.signal })).toEqual([])
  })

  test('of a further copy that failed nothing: the first is learned from as always', async () => {
    expect(await learned(service({ after: 50 }, { after: 5, fails: failure('x') }))).toEqual([50])
  })

  test('once from an attempt that was timed out, though its copy answers afterwards', async () => {
    expect(await learned(service({ after: 80, deaf: true }), { maxHedge: 1 }, { use: undefined, maxTime: 50 })).toEqual([50])
  })

  test('what learns and throws ends the hedge with its error', async () => {
    const error = failure('full')
    const wait = Object.assign(() => 10, { observe: () => { throw error } })
    expect(await settled(once(service({ after: 5 }), { wait }))).toEqual({ at: 5, error })
  })

  test('nothing from a first copy whose value is turned down', async () => {
    expect(await learned(service({ after: 5, value: 503 }, { after: 5 }), { isFailure: ({ value }: any) => value === 503 })).toEqual([])
  })
})
