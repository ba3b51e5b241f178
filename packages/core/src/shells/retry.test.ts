import { afterEach, describe, expect, test, vi } from 'vitest'
import { hang, settled } from '../../test/promises.ts'
import { error, fail, flat, undoAll, undos, virtual } from '../../test/setup.ts'
import { idle, virtualTime } from '../../test/time.ts'
import { TimeoutError, TryAgain } from '../errors.ts'
import { abortLeftovers } from '../plugins/abort-leftovers.ts'
import { override } from '../seams/override.ts'
import { retrySync } from './retry-sync.ts'
import { retry } from './retry.ts'
import { Retrying } from './retrying.ts'
import { sleep } from '../time/sleep.ts'
import type { Attempt, Details, Operation, Options, Plugin, Stop } from '../types.ts'
import { use } from '../seams/use.ts'
import { constant } from '../wait/constant.ts'
import { waitSum } from '../wait/sum.ts'

afterEach(() => {
  undoAll()
  vi.unstubAllGlobals()
})
const ends = ['onSuccess', 'onGiveup', 'onAbort'] as const
const handlers = ['onAttempt', 'before', 'after', 'onSuccess', 'beforeSleep', 'onBackoff', 'onGiveup'] as const

/** Writes down the ends that a plugin is told. */
const ending = (): { told: string[]; plugin: Plugin } => {
  const told: string[] = []
  return { told, plugin: Object.fromEntries(ends.map((end) => [end, () => void told.push(end)])) }
}

describe('without options', () => {
  test('what joins and leaves all calls counts from one call to the next', async () => {
    const onSuccess = vi.fn()
    await retry(() => 'before')
    const leave = use({ onSuccess })
    await retry(() => 'joined')
    leave()
    await retry(() => 'after')
    expect(onSuccess.mock.calls.map(([{ value }]) => value)).toEqual(['joined'])
  })

  test('so does what is forced on all calls', async () => {
    const operation = vi.fn(fail)
    const undo = override({ maxTries: 1 })
    await settled(retry(operation))
    undo()
    expect(operation).toHaveBeenCalledTimes(1)
    undos.push(override({ sleep: () => {} }))
    await settled(retry(operation))
    expect(operation).toHaveBeenCalledTimes(4)
  })

  test('two calls at once keep nothing of each other', async () => {
    undos.push(override({ sleep: () => {} }))
    const seen = async (times: number): Promise<number> => {
      let tries = 0
      await settled(retry(({ details }) => {
        tries = details.tries
        if (tries < times) fail()
      }))
      return tries
    }
    expect(await Promise.all([seen(2), seen(1), seen(3)])).toEqual([2, 1, 3])
  })
})

describe('what the operation gets', () => {
  test('an attempt with its number, a fresh signal, the facts and the plugins', async () => {
    virtual()
    const attempts: Attempt[] = []
    const plugin = {}
    await settled(retry((attempt) => (attempts.push(attempt), void attempt.signal, fail()), { ...flat, sleep: () => {}, use: [plugin] }))
    expect(attempts.map(({ tries }) => tries)).toEqual([1, 2, 3])
    expect(new Set(attempts.map(({ signal }) => signal)).size).toBe(3)
    expect(attempts.map(({ aborted, reason }) => [aborted, reason])).toEqual(Array.from({ length: 3 }, () => [false, undefined]))
    for (const attempt of attempts) expect(attempt.plugins).toEqual([plugin])
  })

  test.each<[string, Options]>([['the shortest way', {}], ['watched', { after: () => {} }]])('facts of its call: %s', async (_, options) => {
    const time = virtual()
    let runs = 0
    const operation = (attempt: Attempt): number => {
      const { details } = attempt
      // Also an expectation that fails is retried: then the numbers do not match.
      expect(attempt.tries).toBe(++runs)
      expect(details).toMatchObject({ name: 'operation', args: [], tries: attempt.tries, previousWait: attempt.tries === 1 ? 0 : 100, idleFor: 100 * (attempt.tries - 1) })
      expect(details.target).toBe(operation)
      expect(details.call).toBe(attempt.details.call)
      expect(details).not.toBe(attempt.details)
      expect('value' in details || 'exception' in details || 'duration' in details || 'wait' in details).toBe(false)
      return attempt.tries < 3 ? fail() : 7
    }
    const thrown: unknown[] = []
    const giveup = (error: unknown): undefined => void thrown.push(error)
    expect(await time.until(retry(operation, { ...flat, ...options, giveup }))).toBe(7)
    expect(thrown).toEqual([error, error])
  })
})

describe('the records', () => {
  test('are fresh each moment and never change', async () => {
    const time = virtual()
    const seen: [Details, string][] = []
    const keep = (details: Details): void => void seen.push([details, JSON.stringify(details)])
    await time.until(settled(retry(async () => (await sleep(10), fail()), { ...flat, ...Object.fromEntries(handlers.map((name) => [name, keep])) })))
    for (const [details, before] of seen) expect(JSON.stringify(details)).toBe(before)
    expect(new Set(seen.map(([details]) => details.call)).size).toBe(1)
    expect(seen).toHaveLength(3 + 3 + 3 + 2 + 2 + 1)
  })

  test('carry exactly one of value and exception after an attempt, and none before', async () => {
    const time = virtual()
    const check = (has: string[]) => (details: Details) => expect(Object.keys(details).filter((key) => ['value', 'exception', 'wait', 'duration'].includes(key)).sort()).toEqual(has)
    let runs = 0
    await time.until(retry(() => (++runs === 1 ? fail() : undefined), {
      wait: 5, jitter: null, condition: ({ tries }) => tries < 3,
      onAttempt: check([]), before: check([]),
      after: (details) => check(details.tries === 1 ? ['duration', 'exception'] : ['duration', 'value'])(details),
      beforeSleep: (details) => check(details.tries === 1 ? ['duration', 'exception', 'wait'] : ['duration', 'value', 'wait'])(details),
      onSuccess: check(['duration', 'value']),
    }))
    expect(runs).toBe(3)
    // What a handler throws is what comes out.
    expect(await time.until(settled(retry(fail, { maxTries: 1, onGiveup: check(['duration', 'exception']) })))).toEqual(['rejected', error])
  })

  test('of two calls never share an identity, nor do those of a call inside a call', async () => {
    const time = virtual()
    const calls: object[] = []
    const watcher: Plugin = { onAttempt: ({ call }) => void calls.push(call) }
    const inner = new Retrying({ ...flat, use: [watcher] })
    const fn: (...args: unknown[]) => number = () => 1
    await time.until(settled(retry(fn, { use: [watcher, inner] })))
    await time.until(settled(retry(() => inner.call(fn, 1, 2), { use: [watcher] })))
    await time.until(settled(inner.call(fn)))
    await time.until(settled(inner.call(fn)))
    inner.callSync(fn)
    for await (const attempt of inner) await attempt.run(fn)
    for (const attempt of inner) attempt.run(fn)
    expect(calls).toHaveLength(9)
    expect(new Set(calls).size).toBe(9)
    for (const call of calls) expect(typeof call).toBe('object')
  })

  test('name the call: by its option, else by its target, else by nothing', async () => {
    const names: string[] = []
    const before = ({ name }: Details): void => void names.push(name)
    await retry(() => 1, { name: 'given', before })
    await retry(fail, { maxTries: 1, before }).catch(() => {})
    await retry((() => () => 1)(), { before })
    await new Retrying({ before }).call(Math.max, 1)
    expect(names).toEqual(['given', 'fail', '', 'max'])
  })

  test('measure in ms on the clock: elapsed, duration, idle', async () => {
    const time = virtual()
    const seen: unknown[] = []
    await time.until(settled(retry(async () => (await sleep(10), fail()), {
      ...flat, after: ({ elapsed, duration, idleFor, previousWait }) => void seen.push([elapsed, duration, idleFor, previousWait]),
    })))
    expect(seen).toEqual([[10, 10, 0, 0], [120, 10, 100, 100], [230, 10, 200, 100]])
  })
})

describe('a callback of the caller that fails ends the call', () => {
  const callbacks = [...handlers, 'wait', 'jitter', 'condition', 'giveup', 'stop', 'sleep', 'retryErrorCallback'] as const
  const broken = new Error('a callback is broken')
  const optionsFor = (name: string, callback: () => unknown): Options => ({ ...flat, [name]: name === 'after' ? [() => {}, callback] : callback })
  const operationFor = (name: string): (() => unknown) => (name === 'onSuccess' ? () => 'ok' : fail)

  test.each(callbacks)('%s throws', async (name) => {
    const time = virtual()
    const { told, plugin } = ending()
    const options = { ...optionsFor(name, () => { throw broken }), use: [plugin] }
    expect(await time.until(settled(retry(operationFor(name), options)))).toEqual(['rejected', broken])
    expect(told).toEqual([name === 'retryErrorCallback' ? 'onGiveup' : name.startsWith('on') && name !== 'onAttempt' && name !== 'onBackoff' ? name : 'onAbort'])
    expect(() => retrySync(operationFor(name) as () => string, options)).toThrow(broken)
    expect(told).toHaveLength(2)
    expect(time.pending).toBe(0)
  })

  test.each([...handlers, 'sleep', 'retryErrorCallback'])('%s rejects', async (name) => {
    const time = virtual()
    const { told, plugin } = ending()
    const options = { ...optionsFor(name, async () => { throw broken }), use: [plugin] }
    expect(await time.until(settled(retry(operationFor(name), options)))).toEqual(['rejected', broken])
    expect(told).toEqual([name === 'retryErrorCallback' ? 'onGiveup' : name.startsWith('on') && name !== 'onAttempt' && name !== 'onBackoff' ? name : 'onAbort'])
    expect(time.pending).toBe(0)
  })

  test('predicate throws', async () => {
    const { told, plugin } = ending()
    expect(await settled(retry(() => 1, { predicate: () => { throw broken }, use: [plugin] }))).toEqual(['rejected', broken])
    expect(told).toEqual(['onAbort'])
  })

  test.each(['maxTries', 'maxTime'])('%s throws before anything began', async (name) => {
    const operation = vi.fn()
    const { told, plugin } = ending()
    for (const options of [{ [name]: () => { throw broken } }, { [name]: () => 'x' }]) {
      expect((await settled(retry(operation, { ...options, use: [plugin] })))[0]).toBe('rejected')
      expect((await settled(new Retrying({ ...options, use: [plugin] }).call(operation)))[0]).toBe('rejected')
      expect(() => retrySync(operation, { ...options, use: [plugin] })).toThrow()
    }
    expect(operation).not.toHaveBeenCalled()
    expect(told).toEqual([])
  })

  test('the first error counts when two fail, and the second is not unhandled', async () => {
    const second = vi.fn(async () => { throw new Error('second') })
    expect(await settled(retry(fail, { ...flat, onBackoff: [async () => { throw broken }, second] }))).toEqual(['rejected', broken])
    expect(second).not.toHaveBeenCalled()
  })
})

describe('an abort at every place where the call waits', () => {
  const places = [...handlers, 'sleep', 'retryErrorCallback', 'operation', 'built-in sleep', 'a wrapping plugin']
  test.each(places)('%s', async (place) => {
    const time = virtual()
    const controller = new AbortController()
    const { told, plugin } = ending()
    const later = vi.fn()
    const options: Options = { ...flat, maxTries: 2, signal: controller.signal, use: [plugin] }
    if (place === 'a wrapping plugin') options.use = [plugin, { wrap: (next) => async (attempt) => (await hang(), next(attempt)) }]
    else if (place !== 'operation' && place !== 'built-in sleep') Object.assign(options, { [place]: [...handlers].includes(place as 'before') ? [hang, later] : hang })
    const operation: Operation<unknown> = place === 'operation' ? hang : place === 'onSuccess' ? () => 1 : fail
    const promise = settled(retry(operation, options))
    await idle()
    if (place === 'onGiveup' || place === 'retryErrorCallback') await time.pass(100)
    const end = place === 'onSuccess' ? ['onSuccess'] : place === 'onGiveup' || place === 'retryErrorCallback' ? ['onGiveup'] : []
    expect(told).toEqual(end)
    const reason = Symbol('reason')
    controller.abort(reason)
    // An end that is being told stands; it is only no longer waited for.
    expect(await promise).toEqual(place === 'onSuccess' ? ['resolved', 1] : ['rejected', place === 'onGiveup' ? error : reason])
    expect(told).toEqual(end[0] ? end : ['onAbort'])
    expect(later).not.toHaveBeenCalled()
    expect(time.pending).toBe(0)
  })

  test('what a handler still does after the abort is dropped', async () => {
    const time = virtual()
    const controller = new AbortController()
    const operation = vi.fn()
    for (const how of [async () => { await sleep(50) }, async () => (await sleep(50), fail())]) {
      const promise = settled(retry(operation, { before: how, signal: controller.signal }))
      await idle()
      controller.abort('now')
      expect(await promise).toEqual(['rejected', 'now'])
      await time.pass(100)
    }
    expect(operation).not.toHaveBeenCalled()
  })

  test('the attempt\'s own listener and signal hear of it once', async () => {
    const controller = new AbortController()
    const heard: unknown[] = []
    const promise = settled(retry((attempt) => {
      attempt.whenAborted((reason) => heard.push(['slot', reason]))
      attempt.signal.addEventListener('abort', () => void heard.push(['signal', attempt.signal.reason]))
      return hang()
    }, { signal: controller.signal }))
    await idle()
    controller.abort('stop')
    await promise
    expect(heard).toEqual([['signal', 'stop'], ['slot', 'stop']])
  })

  test('an abort after the end does nothing', async () => {
    const controller = new AbortController()
    const { told, plugin } = ending()
    let attempt!: Attempt
    await retry((given) => void (attempt = given), { signal: controller.signal, use: [plugin] })
    controller.abort()
    expect(attempt.aborted).toBe(false)
    expect(told).toEqual(['onSuccess'])
  })
})

describe('a deadline', () => {
  const deadline = 250
  test.each(['onAttempt', 'before'])('while %s hangs is the attempt\'s TimeoutError', async (name) => {
    const time = virtual()
    const { told, plugin } = ending()
    const operation = vi.fn()
    const [how, outcome] = await time.until(settled(retry(operation, { maxTime: deadline, [name]: hang, use: [plugin] })))
    expect([how, time.now()]).toEqual(['rejected', 1_000 + deadline])
    expect(outcome).toBeInstanceOf(TimeoutError)
    expect(told).toEqual(['onGiveup'])
    expect(operation).not.toHaveBeenCalled()
  })

  test.each(['beforeSleep', 'onBackoff', 'sleep'])('while %s hangs lets the last outcome stand', async (name) => {
    const time = virtual()
    const { told, plugin } = ending()
    const onGiveup = vi.fn()
    expect(await time.until(settled(retry(fail, { ...flat, maxTime: deadline, [name]: hang, onGiveup, use: [plugin] })))).toEqual(['rejected', error])
    expect(time.now()).toBe(1_000 + deadline)
    expect(told).toEqual(['onGiveup'])
    expect(onGiveup).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ exception: error, tries: 1, previousWait: 0 }))
    await time.pass(1_000)
  })

  test('while after hangs: a success is one, a failure the last', async () => {
    const time = virtual()
    const after = vi.fn(hang)
    const onSuccess = vi.fn()
    expect(await time.until(settled(retry(() => 'ok', { maxTime: deadline, after, onSuccess, retryErrorCallback: () => 'instead' })))).toEqual(['resolved', 'ok'])
    expect(onSuccess).toHaveBeenCalledTimes(1)
    expect(await time.until(settled(retry(() => 0, { wait: 1, maxTime: deadline, after, predicate: () => true, retryErrorCallback: () => 'instead' })))).toEqual(['resolved', 'instead'])
    expect(await time.until(settled(retry(fail, { maxTime: deadline, after })))).toEqual(['rejected', error])
    expect(after).toHaveBeenCalledTimes(3)
  })

  test.each(['onSuccess', 'onGiveup', 'retryErrorCallback'])('while %s takes its time neither cuts it off nor tells it twice', async (name) => {
    const time = virtual()
    const { told, plugin } = ending()
    const slow = vi.fn(() => sleep(1_000))
    const [how] = await time.until(settled(retry(name === 'onSuccess' ? () => 1 : fail, { ...flat, maxTime: deadline, [name]: slow, use: [plugin] })))
    expect(how).toBe(name === 'onGiveup' ? 'rejected' : 'resolved')
    expect(slow).toHaveBeenCalledTimes(1)
    expect(told).toEqual([name === 'onSuccess' ? 'onSuccess' : 'onGiveup'])
    expect(time.pending).toBe(0)
  })

  test('is given up on as any outcome: callback and raiseOnGiveup apply, giveup and condition are not asked', async () => {
    const time = virtual()
    const giveup = vi.fn()
    const condition = vi.fn(() => false)
    expect(await time.until(settled(retry(hang, { maxTime: 5, giveup, condition, retryErrorCallback: ({ exception }) => exception })))).toEqual(['resolved', expect.any(TimeoutError)])
    expect(await time.until(settled(retry(hang, { maxTime: 5, exception: [], raiseOnGiveup: false })))).toEqual(['resolved', undefined])
    expect(giveup).not.toHaveBeenCalled()
    expect(condition).not.toHaveBeenCalled()
  })

  test('a late sleep that rejects is dropped', async () => {
    const time = virtual()
    await time.until(settled(retry(fail, { ...flat, maxTime: deadline, sleep: () => sleep(1_000).then(fail) })))
    await time.pass(2_000)
    await idle()
  })

  test('an operation that aborts itself through its attempt fails no less', async () => {
    const time = virtual()
    const result = await time.until(settled(retry((attempt) => {
      attempt.abort('mine')
      expect([attempt.aborted, attempt.signal.reason]).toEqual([true, 'mine'])
      attempt.abort('again')
      expect(attempt.reason).toBe('mine')
      return attempt.tries
    })))
    expect(result).toEqual(['resolved', 1])
  })
})

describe('the clock', () => {
  /** How often: of one attempt, because a timer makes its own sure that it is not early. */
  const looks = async (options: Options): Promise<number> => {
    const time = virtualTime()
    const now = vi.fn(() => time.now())
    const undo = override({ clock: { ...time, now } })
    await settled(retry(fail, { wait: 0, maxTries: 1, ...options }))
    undo()
    return now.mock.calls.length
  }
  const around: Plugin = { wrap: (next) => (attempt) => next(attempt) }
  const plain = Object.assign(() => 0, { timeless: true })

  test.each<[string, Options]>([
    ['nobody', {}],
    ['a list', { wait: [0, 0] }],
    ['a strategy that is timeless', { wait: plain }],
    ['members that are timeless', { wait: waitSum(0, constant(0)) }],
    ['a plugin that is timeless', { use: [{ ...around, timeless: true }] }],
    ['abortLeftovers', { use: [abortLeftovers()] }],
  ])('is not looked at for %s', async (_, options) => {
    expect(await looks(options)).toBe(0)
  })

  test.each<[string, Options]>([
    ['a strategy of the caller\'s own', { wait: () => 0 }],
    ['a member of the caller\'s own', { wait: waitSum(0, () => 0) }],
    ['a plugin that does not say that it is timeless', { use: [around] }],
    ['one beside one that is', { use: [{ ...around, timeless: true }, around] }],
    ['one that watches, timeless or not', { use: [{ timeless: true, after: () => {} }] }],
    ['stop', { stop: () => false }],
    ['condition', { condition: () => true }],
    ['retryErrorCallback', { retryErrorCallback: () => 1 }],
    ['maxTime', { maxTime: 1_000 }],
  ])('is looked at for %s', async (_, options) => {
    expect(await looks(options)).toBeGreaterThan(0)
  })

  test('tells the time to whoever is not timeless', async () => {
    const time = virtual()
    const seen: [string, number, number?][] = []
    const note = (who: string, { elapsed, duration }: Details): void => void seen.push(duration === undefined ? [who, elapsed] : [who, elapsed, duration])
    await time.until(settled(retry(async () => (await sleep(10), fail()), {
      maxTries: 2,
      wait: (details) => (note('wait', details), 100),
      use: [{ wrap: (next) => (attempt) => (note('wrap', attempt.details), next(attempt)) }],
    })))
    expect(seen).toEqual([['wrap', 0], ['wait', 10, 10], ['wrap', 110], ['wait', 120, 10]])
  })
})

describe('who is told, and when', () => {
  test('own handlers before plugins, process-wide plugins outside, in order', async () => {
    const time = virtual()
    const order: string[] = []
    const note = (who: string): Plugin => ({
      wrap: (next) => (attempt) => (order.push(`${who} wraps`), next(attempt)),
      onAttempt: () => void order.push(`${who} onAttempt`),
    })
    undos.push(use(note('global')), use({ ...note('innermost'), innermost: true }))
    await time.until(retry(() => void order.push('runs'), { use: [note('first'), note('second')], onAttempt: [() => void order.push('a'), () => void order.push('b')] }))
    expect(order).toEqual([
      'a', 'b', 'global onAttempt', 'first onAttempt', 'second onAttempt', 'innermost onAttempt',
      'global wraps', 'first wraps', 'second wraps', 'innermost wraps', 'runs',
    ])
  })

  test('own handlers are awaited one by one, plugins are not', async () => {
    const time = virtual()
    const order: string[] = []
    const slow = (who: string, ms: number) => async () => (await sleep(ms), void order.push(who))
    await time.until(retry(() => void order.push('runs'), { before: [slow('a', 50), slow('b', 1)], use: [{ before: slow('plugin', 500) }] }))
    await time.pass(1_000)
    expect(order).toEqual(['a', 'b', 'runs', 'plugin'])
  })

  test('a plugin is called as a method of itself, also when its methods are inherited', async () => {
    class Counter {
      count = 0
      onAttempt(): void {
        this.count++
      }
      wrap<T>(next: (attempt: Attempt) => T): (attempt: Attempt) => T {
        return (attempt) => (this.count++, next(attempt))
      }
      stop(): boolean {
        return this.count > 2
      }
    }
    const counter = new Counter()
    await settled(retry(fail, { ...flat, wait: 0, use: [counter] }))
    expect(counter.count).toBe(4)
  })

  test('a sync success is told in the same order as an async one', async () => {
    for (const operation of [() => 1, async () => 1] as Operation<number>[]) {
      const order: string[] = []
      const promise = retry(operation, { onSuccess: () => void order.push('onSuccess') }).then(() => order.push('resolved'))
      order.push('returned')
      await promise
      expect(order).toEqual(['returned', 'onSuccess', 'resolved'])
    }
  })

  test('wrap is asked once a call and its result runs once an attempt', async () => {
    const asked = vi.fn()
    const ran = vi.fn()
    await settled(retry(fail, { ...flat, wait: 0, use: [{ wrap: (next) => (asked(), (attempt) => (ran(), next(attempt))) }] }))
    expect([asked.mock.calls.length, ran.mock.calls.length]).toEqual([1, 3])
  })

  test('a plugin that runs the operation twice makes it one attempt', async () => {
    const operation = vi.fn(() => 1)
    const after = vi.fn()
    await retry(operation, { after, use: [{ wrap: (next) => async (attempt) => (await next(attempt), next(attempt)) }] })
    expect([operation.mock.calls.length, after.mock.calls.length]).toEqual([2, 1])
  })
})

describe('what is decided', () => {
  test('TryAgain of another copy of the package counts too', async () => {
    class TryAgain extends Error {
      override readonly name = 'TryAgain'
    }
    const operation = vi.fn(() => Promise.reject(new TryAgain()))
    await settled(retry(operation, { ...flat, wait: 0, exception: [] }))
    expect(operation).toHaveBeenCalledTimes(3)
  })

  test('TryAgain carries a message and a cause', () => {
    const again = new TryAgain('soon', { cause: error })
    expect([again.name, again.message, again.cause]).toEqual(['TryAgain', 'soon', error])
    expect(new TimeoutError()).toMatchObject({ name: 'TimeoutError', message: 'timed out' })
  })

  test('jitter is left off exact waits and waits of giveup', async () => {
    const jitter = vi.fn((wait: number) => wait)
    const slept: number[] = []
    const sleep = (ms: number): void => void slept.push(ms)
    await settled(retry(fail, { maxTries: 2, wait: Object.assign(() => 7, { exact: true }), jitter, sleep }))
    await settled(retry(fail, { maxTries: 2, wait: 5, giveup: () => 9, jitter, sleep }))
    expect(jitter).not.toHaveBeenCalled()
    expect(slept).toEqual([7, 9])
  })

  test('giveup answers other than true and a number go on', async () => {
    const slept: number[] = []
    for (const answer of [false, undefined, null, 'yes', {}]) await settled(retry(fail, { maxTries: 2, wait: 5, jitter: null, giveup: () => answer as never, sleep: (ms) => void slept.push(ms) }))
    expect(slept).toEqual([5, 5, 5, 5, 5])
  })

  test('giveup is not asked about values or errors that are not retried', async () => {
    const giveup = vi.fn()
    await settled(retry(() => 0, { ...flat, wait: 0, predicate: () => true, giveup }))
    await settled(retry(fail, { exception: [], giveup }))
    expect(giveup).not.toHaveBeenCalled()
  })

  test('stop is asked once the wait is known, with the wait', async () => {
    const stop = vi.fn<Stop>(() => true)
    await settled(retry(fail, { wait: 5, jitter: null, stop }))
    expect(stop).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ wait: 5, tries: 1, exception: error }))
  })

  test('a synchronous retryErrorCallback may return a promise: it is awaited', async () => {
    const time = virtual()
    expect(await time.until(retry(fail, { maxTries: 1, retryErrorCallback: async () => (await sleep(10), 'late') }))).toBe('late')
    expect(await settled(retry(fail, { maxTries: 1, retryErrorCallback: async () => { throw 5 } }))).toEqual(['rejected', 5])
  })
})

describe('zero waits', () => {
  test('yield to the event loop every 64th try, and need no timer between', async () => {
    const time = virtual()
    const yields: number[] = []
    let runs = 0
    undos.push(override({ clock: { ...time, setTimeout: (callback, ms) => (yields.push(runs), time.setTimeout(callback, ms)) } }))
    await time.until(retry(() => {
      if (++runs < 200) fail()
    }, { wait: 0, maxTries: Infinity }))
    expect(yields).toEqual([64, 128, 192])
  })
})

describe('options that are of no use are refused, with name and value', () => {
  const nonsense: unknown[] = [null, true, false, 0, 1, -1, 0.5, NaN, Infinity, '', 'x', 5n, Symbol('s'), {}, [], [1], [-1], [NaN], ['x'], [null], [undefined], () => {}, Error, new Date(0), /x/, { length: 1 }, new AbortController(), Promise.resolve()]
  const isFunction = (value: unknown): boolean => typeof value === 'function'
  const isNumber = (value: unknown): value is number => typeof value === 'number' && value >= 0
  const listOf = (is: (value: unknown) => boolean) => (value: unknown): boolean => is(value) || (Array.isArray(value) && value.every(is))
  const allowed: Record<string, (value: unknown) => boolean> = {
    wait: (value) => isFunction(value) || listOf(isNumber)(value),
    jitter: (value) => value === null || isFunction(value),
    exception: listOf((value) => isFunction(value) && 'prototype' in (value as object)),
    predicate: isFunction, condition: isFunction, giveup: isFunction, stop: isFunction, sleep: isFunction, retryErrorCallback: isFunction,
    maxTries: (value) => isFunction(value) || value === Infinity || (Number.isInteger(value) && isNumber(value) && value > 0),
    maxTime: (value) => isFunction(value) || isNumber(value),
    signal: () => false,
    name: (value) => typeof value === 'string',
    use: (value) => Array.isArray(value) && value.every((plugin) => typeof plugin === 'object' && plugin !== null),
    enabled: (value) => typeof value === 'boolean',
    raiseOnGiveup: (value) => typeof value === 'boolean',
    ...Object.fromEntries(handlers.map((name) => [name, listOf(isFunction)])),
  }
  const show = (value: unknown): string => {
    try {
      return JSON.stringify(value) ?? String(value)
    } catch {
      return String(value)
    }
  }

  test.each(Object.entries(allowed))('%s', async (name, isAllowed) => {
    for (const value of nonsense) {
      const options = { [name]: value } as Options
      const operation = vi.fn(() => 1)
      const make = (): unknown => new Retrying(options)
      if (isAllowed(value)) {
        expect(make, `${name}: ${show(value)}`).not.toThrow()
        continue
      }
      // `null` may stand for absent.
      if (value === null) {
        try {
          make()
          expect(await retry(operation, options)).toBe(1)
          continue
        } catch {}
      }
      const wanted = new RegExp(`^${name} must be .+; got `)
      expect(make, `${name}: ${show(value)}`).toThrow(wanted)
      expect(() => retrySync(operation, options)).toThrow(wanted)
      const [how, error] = await settled(retry(operation, options))
      expect(how).toBe('rejected')
      expect((error as Error).message).toMatch(wanted)
      expect(error).toBeInstanceOf((error as Error).constructor === RangeError ? RangeError : TypeError)
      expect(operation).not.toHaveBeenCalled()
    }
  })

  test.each([[0.5, 'maxTries', '0.5'], [NaN, 'maxTime', 'NaN'], ['soon', 'wait', 'soon'], [{}, 'signal', 'object'], ['x', 'enabled', 'x'], [5, 'name', '5'], ['f', 'onGiveup', 'f']])('says what %s of %s was', async (value, name, shown) => {
    await expect(retry(() => 1, { [name]: value })).rejects.toThrow(new RegExp(`^${name} must be .+; got .*${shown}`))
  })

  test.each([undefined, null, 5, 'x', {}, [], Promise.resolve()])('an operation that is %s', async (operation) => {
    await expect(retry(operation as never)).rejects.toThrow(/^operation must be a function; got /)
    await expect(new Retrying().call(operation as never)).rejects.toThrow(/^operation must be a function; got /)
    expect(() => retrySync(operation as never)).toThrow(/^operation must be a function; got /)
  })

  test('errors of a value that cannot be shown still name the option', async () => {
    const value = Object.create(null)
    await expect(retry(() => 1, { maxTries: value })).rejects.toThrow(/^maxTries must be/)
    await expect(retry(() => 1, { stop: Symbol('s') as never })).rejects.toThrow(/^stop must be/)
    await expect(retry(() => 1, { wait: { toString: 5 } as never })).rejects.toThrow(/^wait must be/)
  })
})

test('an unusable wait is named as the strategy gave it, before jitter', async () => {
  await expect(retry(() => Promise.reject(new Error('x')), { wait: () => -1 })).rejects.toThrow('wait must be a number of 0 or more; got -1')
})
