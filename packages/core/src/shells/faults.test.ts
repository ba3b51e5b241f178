// Each test holds one kind of fault that was found by users, by its number.
import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { hang, settled } from '../../test/promises.ts'
import { error, fail, flat, undoAll, undos, virtual } from '../../test/setup.ts'
import { idle, type VirtualTime, virtualTime } from '../../test/time.ts'
import { TimeoutError } from '../errors.ts'
import { timeout } from '../plugins/timeout.ts'
import { override } from '../seams/override.ts'
import { use } from '../seams/use.ts'
import { sleep } from '../time/sleep.ts'
import type { Attempt, Details, Operation, Options, Plugin } from '../types.ts'
import { constant } from '../wait/constant.ts'
import { retryingCaller } from './caller.ts'
import { onException } from './decorate.ts'
import { retry } from './retry.ts'
import { retrySync } from './retry-sync.ts'
import { Retrying } from './retrying.ts'

afterEach(undoAll)

/** Counts the runs of a failing operation through one entry point. */
const entries: Record<string, (operation: Operation<any>, options: Options) => Promise<unknown>> = {
  retry: (operation, options) => retry(operation, options),
  'Retrying.run': (operation, options) => new Retrying(options).run(operation),
  'Retrying.call': (operation, options) => new Retrying(options).call(operation as () => unknown),
  'Retrying.wrap': (operation, options) => new Retrying(options).wrap(operation)(),
  onException: (operation, options) => onException(options.wait, options.exception, options)(operation as () => Promise<unknown>)(),
  retryingCaller: (operation, options) => retryingCaller(options)(operation as () => unknown),
  'for await': async (operation, options) => {
    let result: unknown
    for await (const turn of new Retrying(options)) result = await turn.run(operation)
    return result
  },
  retrySync: async (operation, options) => retrySync(operation, options),
}

/** Every way in. */
const everywhere = (name: string, body: (enter: (operation: Operation<any>, options: Options) => Promise<unknown>) => unknown): void => {
  describe.each(Object.entries(entries))(`${name} through %s`, (_, enter) => {
    test('holds', () => body(enter) as Promise<void>)
  })
}

describe('F-01 a signal goes on after the call', () => {
  const signalOf = async (controller: AbortController, options: Options = {}, around: (operation: Operation<any>) => Operation<any> = (operation) => operation): Promise<AbortSignal> =>
    (await retry(around((attempt: Attempt) => attempt.signal), { signal: controller.signal, ...options })) as AbortSignal

  test.each<[string, Options, ((operation: Operation<any>) => Operation<any>)?]>([
    ['bare', {}],
    ['with a deadline', { maxTime: 1_000 }],
    ['inside a timeout', { use: [timeout(1_000)] }],
    ['inside two timeouts', { use: [timeout(1_000), timeout(500)] }],
    ['inside a retry as a plugin', { use: [new Retrying({ maxTries: 2 })] }],
    ['inside a retry with a signal of its own', { use: [new Retrying({ signal: new AbortController().signal })] }],
    ['inside a nested call that was given the attempt\'s signal', {}, (operation) => ({ signal }) => retry(operation, { signal })],
    ['after an attempt that failed', { wait: 0 }, (operation) => (attempt) => (attempt.tries === 1 ? fail() : operation(attempt))],
  ])('%s', async (_, options, around) => {
    const controller = new AbortController()
    const signal = await signalOf(controller, options, around)
    expect(signal.aborted).toBe(false)
    expect(getEventListeners(controller.signal, 'abort').length).toBeLessThanOrEqual(1)
    controller.abort('left')
    expect([signal.aborted, signal.reason]).toEqual([true, 'left'])
  })

  test('that of an attempt which failed, read early or late, too', async () => {
    const controller = new AbortController()
    const attempts: Attempt[] = []
    let early: AbortSignal | undefined
    await retry((attempt) => {
      attempts.push(attempt)
      early ??= attempt.signal
      return attempts.length < 3 ? fail() : 1
    }, { wait: 0, signal: controller.signal })
    const late = attempts[1]!.signal
    controller.abort('left')
    expect([early!.reason, late.reason, attempts[2]!.signal.reason]).toEqual(['left', 'left', 'left'])
  })

  test('one listener hangs on the signal, however many calls; none where no signal was read', async () => {
    const controller = new AbortController()
    const signals = await Promise.all(Array.from({ length: 1_000 }, (_, n) => retry(async (attempt) => (n % 2 ? attempt.signal : undefined), { signal: controller.signal })))
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort()
    expect(signals.filter((signal) => signal?.aborted)).toHaveLength(500)
    const other = new AbortController()
    await retry(() => 1, { signal: other.signal })
    expect(getEventListeners(other.signal, 'abort')).toHaveLength(0)
  })
})

describe('F-03 a value that is not the result is let go', () => {
  const values = async (enter: (operation: Operation<any>, options: Options) => Promise<unknown>, more: Options = {}): Promise<[string[], AbortSignal[]]> => {
    const log: string[] = []
    const signals: AbortSignal[] = []
    await enter((attempt) => {
      const { signal, tries } = attempt
      signals.push(signal)
      log.push(`runs ${tries}`)
      signal?.addEventListener('abort', () => log.push(`lets go of ${tries}`))
      return tries < 3 ? 'busy' : 'ok'
    }, { ...flat, wait: 0, predicate: (value: any) => value === 'busy', onAttempt: ({ tries }) => void log.push(`announces ${tries}`), before: ({ tries }) => void log.push(`is before ${tries}`), ...more })
    return [log, signals]
  }

  test.each(Object.entries(entries).filter(([name]) => !/call|Caller|onException/.test(name)))('through %s, when the next attempt begins', async (_, enter) => {
    const [log, signals] = await values(enter)
    expect(log).toEqual([
      'announces 1', 'is before 1', 'runs 1',
      'announces 2', 'is before 2', 'lets go of 1', 'runs 2',
      'announces 3', 'is before 3', 'lets go of 2', 'runs 3',
    ])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false])
    expect(signals[0]!.reason).toMatchObject({ name: 'AbortError', message: 'the value of attempt 1 was not the result: attempt 2 has begun' })
  })

  test('the value that the call ends with stays in use, also when it gave up on it', async () => {
    const signals: AbortSignal[] = []
    expect(await retry(({ signal }) => (signals.push(signal), 'busy'), { ...flat, wait: 0, predicate: () => true })).toBe('busy')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false])
  })

  test('an exception leaves the attempt alone', async () => {
    const signals: AbortSignal[] = []
    await settled(retry(({ signal }) => (signals.push(signal), fail()), { ...flat, wait: 0 }))
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false])
  })

  everywhere('F-03 a callback that fails leaves an attempt alone that has failed, and lets go of a value', async (enter) => {
    for (const event of ['after', 'condition', 'wait', 'stop'] as const) {
      for (const operation of [fail, () => 'busy']) {
        let signal: AbortSignal | undefined
        const broken = new Error('broken')
        const throws = (): never => {
          throw broken
        }
        const run = (attempt: Attempt): unknown => {
          signal = attempt?.signal
          return operation()
        }
        expect(await settled(enter(run, { ...flat, condition: () => true, [event]: throws }))).toEqual(['rejected', broken])
        // Functions with arguments of their own are given no attempt.
        if (signal) expect([event, signal.aborted]).toEqual([event, operation !== fail])
      }
    }
  })

  test('a value that waits for the next attempt hears of an abort in the wait', async () => {
    const time = virtual()
    const controller = new AbortController()
    let first!: AbortSignal
    const promise = settled(retry(({ signal }) => void (first = signal), { ...flat, predicate: () => true, signal: controller.signal }))
    await time.pass(50)
    controller.abort('left')
    expect([await promise, first.reason]).toEqual([['rejected', 'left'], 'left'])
  })
})

test('F-04 the cost of calls on one signal grows in line with their number, whichever ends first', async () => {
  // Set operations are what could be quadratic: a list that is searched, an event target whose listeners are.
  const steps = async (calls: number, reverse: boolean): Promise<number> => {
    const controller = new AbortController()
    let count = 0
    const add = controller.signal.addEventListener.bind(controller.signal)
    controller.signal.addEventListener = (...args: any[]) => (count++, (add as any)(...args))
    const remove = controller.signal.removeEventListener.bind(controller.signal)
    controller.signal.removeEventListener = (...args: any[]) => (count += getEventListeners(controller.signal, 'abort').length, (remove as any)(...args))
    const ends: (() => void)[] = []
    const all = Array.from({ length: calls }, () => retry(() => new Promise<void>((resolve) => void ends.push(resolve)), { signal: controller.signal }))
    await idle()
    for (const end of reverse ? ends.toReversed() : ends) end()
    await Promise.all(all)
    return count
  }
  for (const reverse of [false, true]) expect(await steps(2_000, reverse)).toBe(await steps(1_000, reverse))
})

everywhere('F-05 F-06 what is written out is waited as it stands, and a list is a bound', async (enter) => {
  const time = virtual()
  const starts: number[] = []
  const begun = time.now()
  const operation = (): never => {
    starts.push(time.now() - begun)
    return fail()
  }
  await time.until(settled(enter(operation, { wait: [100, 200, 300, 400, 500] })))
  expect(starts).toEqual([0, 100, 300, 600, 1_000, 1_500])
})

describe('F-06 a wait that runs out is a bound', () => {
  const runs = async (options: Options): Promise<number> => {
    const time = virtual()
    let count = 0
    await time.until(settled(retry(() => (count++, fail()), options)))
    return count
  }
  test.each<[string, Options, number]>([
    ['a list of four', { wait: [1, 2, 4, 8] }, 5],
    ['an empty list', { wait: [] }, 1],
    ['constant([...])', { wait: constant([1, 2, 3, 4]) }, 5],
    ['a list, and maxTries that is less', { wait: [1, 2, 4, 8], maxTries: 2 }, 2],
    ['a list and a giveup that gives a number', { wait: [1, 2, 4, 8], giveup: () => 1 }, 5],
    ['constant([...]) and a giveup that gives a number', { wait: constant([1, 2]), giveup: () => 1 }, 3],
    ['a number is none', { wait: 1 }, 3],
    ['a function that may run out is none', { wait: Object.assign(() => 1) }, 3],
  ])('%s', async (_, options, count) => {
    expect(await runs(options)).toBe(count)
  })
})

describe('F-10 undefined is absent where options are put together', () => {
  const tries = async (call: (operation: () => never) => Promise<unknown>): Promise<number> => {
    let count = 0
    await settled(call(() => (count++, fail())))
    return count
  }
  const nothing: Options = { maxTries: undefined, wait: undefined, exception: undefined, predicate: undefined, jitter: undefined, use: undefined }
  test.each<[string, (operation: () => never) => Promise<unknown>]>([
    ['Retrying.copy', (operation) => new Retrying({ wait: 0, maxTries: 5 }).copy(nothing).call(operation)],
    ['retryWith', (operation) => onException(0, Error, { maxTries: 5 })(operation as () => Promise<never>).retryWith(nothing)()],
    ['caller.copy', (operation) => retryingCaller({ wait: 0, maxTries: 5 }).copy(nothing)(operation)],
    ['caller.on', (operation) => retryingCaller({ wait: 0, maxTries: 5, exception: Error }).on(undefined as never)(operation)],
    ['positional', (operation) => onException(undefined, undefined, { wait: 0, exception: Error, maxTries: 5 })(operation as () => Promise<never>)()],
    ['override', (operation) => {
      undos.push(override(nothing))
      return retry(operation, { wait: 0, maxTries: 5 })
    }],
  ])('%s', async (_, call) => {
    expect(await tries(call)).toBe(5)
  })
})

describe('F-11 options are read in one way', () => {
  class Given {
    get maxTries(): number {
      return 5
    }
    get wait(): number {
      return 0
    }
  }
  const kinds: [string, () => Options][] = [['a class with getters', () => new Given()], ['a prototype', () => Object.create({ maxTries: 5, wait: 0 })]]
  for (const [kind, make] of kinds) {
    everywhere(`F-11 ${kind}`, async (enter) => {
      for (const forced of [false, true]) {
        if (forced) undos.push(override({ name: 'forced' }))
        const operation = vi.fn(fail)
        await settled(enter(operation, make()))
        expect(operation).toHaveBeenCalledTimes(5)
      }
    })
  }
})

everywhere('F-09 a promise is no yes, nor is a function', async (enter) => {
  const given = (name: string, answer: () => unknown): Options => (name === 'a plugin' ? { use: [{ stop: answer as never }] } : { [name]: answer })
  for (const name of ['condition', 'predicate', 'giveup', 'stop', 'a plugin']) {
    const operation = name === 'predicate' ? () => 1 : fail
    const said = name === 'a plugin' ? 'stop' : name
    for (const promise of [async () => false, () => Promise.reject(error)]) {
      await expect(enter(operation, { wait: 0, ...given(name, promise) })).rejects.toThrow(new TypeError(`${said} must answer at once, not with a promise: decide inside the operation`))
    }
    // What is not asked for yes or no may answer anything.
    const ofFunction = enter(operation, { wait: 0, ...given(name, () => () => true) })
    if (name === 'giveup') await expect(ofFunction).rejects.toBe(error)
    else await expect(ofFunction).rejects.toThrow(`the answer of ${said} must be yes or no; got function`)
  }
})

describe('F-12 a name that is none of an option is told once', () => {
  let warn: MockInstance<(text: string) => void>
  beforeEach(() => {
    warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  })
  afterEach(() => vi.restoreAllMocks())
  const warned = (): string => warn.mock.calls.map(([text]) => text).join('\n')

  let fresh = 0
  everywhere('F-12 an unknown name', async (enter) => {
    const name = `retries${fresh++}`
    // In a process that has made many calls, one in a hundred is looked at.
    for (let count = 0; count < 101; count++) await enter(() => 1, { [name]: 10 } as Options)
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warned()).toContain(`ignores ${name}, which is no option: did you mean maxTries?`)
  })

  test.each([['timeouts', 'maxTime'], ['onGiveUp', 'onGiveup'], ['maxRetries', 'maxTries'], ['Signal', 'signal'], ['retryIf', 'retryErrorCallback']])('%s: %s', async (name, meant) => {
    new Retrying({ [name]: () => {} } as Options)
    expect(warned()).toContain(`did you mean ${meant}?`)
  })

  test('in overrides and copies too; not in what a class brings along', () => {
    class Settings {
      maxTries = 2
      describe(): string {
        return 'mine'
      }
    }
    new Retrying(new Settings())
    expect(warn).not.toHaveBeenCalled()
    new Retrying().copy({ tryings: 2 } as Options)
    undos.push(override({ tryouts: 2 } as Options))
    retrySync(() => 1)
    expect(warned()).toMatch(/tryings[^]*tryouts/)
  })
})

describe('F-18 a sleep that never sleeps lets others have their turn', () => {
  test.each(['retry', 'Retrying.run', 'for await'])('%s', async (entry) => {
    const controller = new AbortController()
    // Only a turn of the event loop lets this come.
    setImmediate(() => controller.abort('enough'))
    const options: Options = { sleep: async () => {}, maxTries: Infinity, signal: controller.signal }
    expect(await settled(entries[entry]!(fail, options))).toEqual(['rejected', 'enough'])
  })
})

describe('F-19 a deadline in `after` takes no end that is not its own', () => {
  const slow = { maxTime: 20, after: () => sleep(60) }
  test.each<[string, Operation<any>, Options, [string, unknown], string]>([
    ['an error that was never to be retried is thrown', () => { throw new RangeError('fatal') }, { exception: TypeError, raiseOnGiveup: false }, ['rejected', expect.any(RangeError)], 'fatal'],
    ['and not replaced', () => { throw new RangeError('fatal') }, { exception: TypeError, retryErrorCallback: () => 'instead' }, ['rejected', expect.any(RangeError)], 'fatal'],
    ['one that would have been retried is given up on', fail, { raiseOnGiveup: false }, ['resolved', undefined], 'time'],
    ['a success is one', () => 'ok', { retryErrorCallback: () => 'instead' }, ['resolved', 'ok'], 'success'],
    ['a value that would have been retried is given up on', () => 0, { predicate: () => true, retryErrorCallback: () => 'instead' }, ['resolved', 'instead'], 'time'],
  ])('%s', async (_, operation, options, outcome, end) => {
    const time = virtual()
    const ends: unknown[] = []
    const tell = (details: Details): void => void ends.push(details.end)
    expect(await time.until(settled(retry(operation, { ...slow, ...options, onSuccess: tell, onGiveup: tell })))).toEqual(outcome)
    expect(ends).toEqual([end])
  })
})

describe('F-19 a deadline between two attempts', () => {
  const late = ({ tries }: Details): Promise<void> | undefined => (tries === 2 ? sleep(60) : undefined)

  test.each<[string, Options]>([
    ['in a sleep of the caller\'s own', { sleep: () => sleep(60) }],
    ['in onAttempt, after a sleep of the caller\'s own', { sleep: () => {}, onAttempt: late }],
    ['in onBackoff', { onBackoff: () => sleep(60) }],
    ['in onAttempt', { onAttempt: late }],
    ['in before', { before: late }],
  ])('%s leaves the time for what is done about the end', async (_, options) => {
    const time = virtual()
    const done: string[] = []
    const onGiveup = async (): Promise<void> => {
      await sleep(5)
      done.push('onGiveup')
    }
    const retryErrorCallback = async ({ exception, tries }: Details): Promise<unknown> => {
      await sleep(5)
      return [...done, exception, tries]
    }
    expect(await time.until(settled(retry(fail, { wait: 0, maxTime: 50, ...options, onGiveup, retryErrorCallback })))).toEqual(['resolved', ['onGiveup', error, 1]])
  })

  test.each<[string, Options, unknown]>([
    ['a result of the callback', { retryErrorCallback: () => 'instead' }, ['resolved', 0]],
    ['no result', { raiseOnGiveup: false }, ['resolved', 0]],
    ['an error', {}, ['rejected', expect.any(TimeoutError)]],
  ])('ends a loop that has not had a turn yet: %s', async (_, options, expected) => {
    const time = virtual()
    const loop = async (): Promise<number> => {
      let turns = 0
      for await (const attempt of new Retrying({ maxTime: 50, before: () => sleep(60), ...options })) {
        turns += 1
        await attempt.run(fail)
      }
      return turns
    }
    expect(await time.until(settled(loop()))).toEqual(expected)
  })
})

describe('F-20 an end that is told stands', () => {
  const events = ['onSuccess', 'onGiveup'] as const
  const told = (controller?: AbortController): [string[], Plugin] => {
    const list: string[] = []
    const note = (event: string) => () => {
      list.push(event)
      controller?.abort('too late')
    }
    return [list, { onSuccess: note('onSuccess'), onGiveup: note('onGiveup'), onAbort: note('onAbort') }]
  }
  for (const event of events) {
    const operation = event === 'onSuccess' ? () => 'ok' : fail
    const outcome = event === 'onSuccess' ? ['resolved', 'ok'] : ['rejected', error]
    everywhere(`F-20 an abort by a plugin's ${event}`, async (enter) => {
      const controller = new AbortController()
      const [list, plugin] = told(controller)
      expect(await settled(enter(operation, { ...flat, maxTries: 1, signal: controller.signal, use: [plugin] }))).toEqual(outcome)
      expect(list).toEqual([event])
    })
    everywhere(`F-20 an abort by the caller's ${event}`, async (enter) => {
      const controller = new AbortController()
      const [list, plugin] = told()
      expect(await settled(enter(operation, { ...flat, maxTries: 1, signal: controller.signal, use: [plugin], [event]: () => controller.abort('too late') }))).toEqual(outcome)
      expect(list).toEqual([event])
    })
  }

  test('an abort in a decision is the end, also where maxTime has passed in `after`', async () => {
    for (const operation of [() => 'ok', fail]) {
      for (const where of ['condition', 'giveup', 'wait', 'stop'] as const) {
        const time = virtual()
        const controller = new AbortController()
        const [list, plugin] = told()
        const abort = (): void => controller.abort('enough')
        const call = retry(operation, { wait: 0, condition: ({ value }: Details) => value !== 'ok', maxTime: 20, after: () => sleep(60), signal: controller.signal, use: [plugin], onGiveup: () => list.push('handler'), [where]: abort })
        const outcome = await time.until(settled(call))
        const isAsked = where === 'condition' || operation === fail
        expect([outcome, list]).toEqual(isAsked ? [['rejected', 'enough'], ['onAbort']] : [['resolved', 'ok'], ['onSuccess']])
      }
    }
  })

  everywhere('F-20 a callback that aborts and then throws has aborted', async (enter) => {
    for (const where of ['onAttempt', 'before', 'after', 'condition', 'giveup', 'wait', 'stop', 'beforeSleep', 'onBackoff', 'sleep'] as const) {
      const controller = new AbortController()
      const reasons: unknown[] = []
      const leave = (): never => {
        controller.abort('enough')
        throw new Error('too late')
      }
      expect(await settled(enter(fail, { wait: 0, signal: controller.signal, use: [{ onAbort: ({ reason }) => reasons.push(reason) }], [where]: leave })), where).toEqual(['rejected', 'enough'])
      expect(reasons).toEqual(['enough'])
    }
  })

  test('a handler of the end that hangs is left behind by an abort: the end stands', async () => {
    for (const event of events) {
      const controller = new AbortController()
      const [list, plugin] = told()
      const promise = settled(retry(event === 'onSuccess' ? () => 'ok' : fail, { maxTries: 1, signal: controller.signal, use: [plugin], [event]: hang }))
      await idle()
      controller.abort('too late')
      expect(await promise).toEqual(event === 'onSuccess' ? ['resolved', 'ok'] : ['rejected', error])
      expect(list).toEqual([event])
    }
  })
})

describe('F-20 whoever aborts while the end is told is not kept waiting for what is done about it', () => {
  const slow = async (): Promise<string> => {
    await sleep(100)
    return 'instead'
  }
  test.each<[string, (abort: () => void) => Options]>([
    ['by a handler', (abort) => ({ onGiveup: abort })],
    ['by a plugin', (abort) => ({ use: [{ onGiveup: abort }] })],
    ['by a handler that takes its time', (abort) => ({ onGiveup: () => sleep(10).then(abort) })],
    ['by the callback itself', (abort) => ({ retryErrorCallback: () => (abort(), slow()) })],
    ['by somebody else', (abort) => (void sleep(10).then(abort), {})],
  ])('%s', async (_, options) => {
    const time = virtual()
    const start = time.now()
    const controller = new AbortController()
    const call = retry(fail, { maxTries: 1, signal: controller.signal, retryErrorCallback: slow, ...options(() => controller.abort('enough')) })
    expect(await time.until(settled(call))).toEqual(['rejected', 'enough'])
    expect(time.now() - start).toBeLessThan(100)
  })
})

describe('F-21 an abort leaves the record as it was', () => {
  const abortIn = async (where: string, operation: Operation<any> = fail, run = 2): Promise<any> => {
    const time = virtual()
    const controller = new AbortController()
    let details: any
    const options: Options = { ...flat, signal: controller.signal, use: [{ onAbort: (given) => void (details = given) }] }
    const abort = (): void => controller.abort('left')
    const at: Options = where === 'wait' ? {} : where === 'second onAttempt' ? { onAttempt: ({ tries }) => void (tries === 2 && abort()) } : { [where]: abort }
    const promise = settled(retry(async (attempt) => {
      await sleep(10)
      if (where === 'run' && attempt.tries === run) abort()
      return operation(attempt)
    }, { ...options, ...at }))
    await time.pass(where === 'wait' ? 50 : 1_000)
    if (where === 'wait') abort()
    await time.until(promise)
    return details
  }

  test.each<[string, object]>([
    ['wait', { tries: 1, exception: error, duration: 10, elapsed: 50, reason: 'left', end: 'abort' }],
    ['after', { tries: 1, exception: error, duration: 10, reason: 'left' }],
    ['onBackoff', { tries: 1, exception: error, duration: 10, reason: 'left' }],
    ['second onAttempt', { tries: 1, exception: error, duration: 10, elapsed: 110, reason: 'left' }],
    ['run', { tries: 2, exception: error, duration: 10, elapsed: 120, reason: 'left' }],
  ])('in %s', async (where, facts) => {
    const details = await abortIn(where)
    expect(details).toMatchObject(facts)
    expect('value' in details).toBe(false)
    expect('wait' in details).toBe(false)
  })

  test('no attempt is counted that did not run, and there is no outcome where there was none', async () => {
    const details = await abortIn('onAttempt')
    expect(details).toMatchObject({ tries: 0, reason: 'left', end: 'abort' })
    expect('exception' in details || 'value' in details || 'duration' in details).toBe(false)
  })

  test('an abort in the first attempt leaves no outcome, and says how long that attempt ran', async () => {
    const time = virtual()
    const controller = new AbortController()
    let details: any
    const promise = settled(retry(hang, { signal: controller.signal, use: [{ onAbort: (given) => void (details = given) }] }))
    await time.pass(30)
    controller.abort('left')
    await promise
    expect(details).toMatchObject({ tries: 1, duration: 30, elapsed: 30, reason: 'left' })
    expect('value' in details || 'exception' in details).toBe(false)
  })

  test('a value stays the last outcome', async () => {
    const time = virtual()
    const controller = new AbortController()
    let details: any
    const promise = settled(retry(() => 'busy', { ...flat, predicate: () => true, signal: controller.signal, use: [{ onAbort: (given) => void (details = given) }] }))
    await time.pass(50)
    controller.abort(null)
    await promise
    expect(details).toMatchObject({ value: 'busy', reason: null })
    expect('exception' in details).toBe(false)
  })

  test('what a callback of the caller throws is the reason', async () => {
    let details: any
    const broken = new Error('broken')
    expect(await settled(retry(fail, { wait: 0, after: () => { throw broken }, use: [{ onAbort: (given) => void (details = given) }] }))).toEqual(['rejected', broken])
    expect(details).toMatchObject({ exception: error, reason: broken, end: 'abort' })
  })
})

describe('the record says how the call ended', () => {
  const refusal = Object.assign(new Error('no'), { refused: true })
  const never = Object.assign(new Error('no'), { refused: true, retryable: false })
  const throws = (what: unknown) => (): never => {
    throw what
  }
  test.each<[string, Operation<any>, Options]>([
    ['success', () => 1, {}],
    ['fatal', fail, { exception: TypeError }],
    ['fatal', throws(Object.assign(new Error(), { retryable: false })), {}],
    ['tries', fail, { wait: 0, maxTries: 2 }],
    ['time', fail, { wait: 100, maxTime: 50 }],
    ['time', hang, { maxTime: 50 }],
    ['exhausted', fail, { wait: [1] }],
    ['exhausted', fail, { wait: () => undefined }],
    ['stop', fail, { stop: () => true }],
    ['stop', fail, { use: [{ stop: () => true }] }],
    ['refused', fail, { use: [{ stop: () => 'refused' }] }],
    ['refused', throws(never), {}],
    ['refused', throws(refusal), { condition: () => false }],
    ['tries', throws(refusal), { wait: 0, maxTries: 2 }],
    ['giveup', fail, { giveup: () => true }],
    ['tries', () => 0, { predicate: () => true, wait: 0 }],
  ])('%s', async (end, operation, options) => {
    const time = virtual()
    const ends: unknown[] = []
    const tell = (details: Details): void => void ends.push(details.end)
    await time.until(settled(retry(operation, { ...options, onSuccess: tell, onGiveup: tell, use: [...(options.use ?? []), { onSuccess: tell, onGiveup: tell, onAbort: tell }] })))
    expect(ends).toEqual([end, end])
  })

  test('callback and raiseOnGiveup replace a refused retry, not a refusal that is never retried', async () => {
    expect(await settled(retry(fail, { use: [{ stop: () => 'refused' }], retryErrorCallback: ({ end }) => end }))).toEqual(['resolved', 'refused'])
    expect(await settled(retry(throws(never), { retryErrorCallback: () => 'instead' }))).toEqual(['rejected', never])
    expect(await settled(retry(throws(never), { raiseOnGiveup: false }))).toEqual(['rejected', never])
  })
})

describe('F-22 the stack of an error names who called', () => {
  const plugin: Plugin = { wrap: (next) => (attempt) => next(attempt) }
  const asyncPlugin: Plugin = { wrap: <T>(next: Operation<T>) => async (attempt: Attempt) => await (next(attempt) as any) }
  const settings: [string, Options][] = [
    ['nothing', {}], ['no wait', { wait: 0 }], ['a signal', { signal: new AbortController().signal }], ['maxTime', { maxTime: 10_000 }],
    ['a handler', { onAttempt() {} }], ['an async handler', { async onAttempt() { await idle() } }], ['an async beforeSleep', { async beforeSleep() { await idle() } }],
    ['an async onGiveup', { async onGiveup() { await idle() } }], ['a plugin', { use: [plugin] }], ['an async plugin', { use: [asyncPlugin] }],
    ['all of them', { use: [asyncPlugin], maxTime: 10_000, signal: new AbortController().signal, async onAttempt() {}, after() {} }], ['a sleep of its own', { sleep: async () => {} }],
  ]
  const operations: [string, () => unknown][] = [
    ['throws at once', async () => { throw new Error('x') }],
    ['throws after an await', async () => { await idle(); throw new Error('x') }],
    ['throws and is not async', () => { throw new Error('x') }],
  ]
  const calls: [string, (operation: any, options: Options) => Promise<unknown>][] = [
    ['retry', (operation, options) => retry(operation, options)],
    ['Retrying.run', (operation, options) => new Retrying(options).run(operation)],
    ['Retrying.call', (operation, options) => new Retrying(options).call(operation)],
    ['onException', (operation, options) => onException(options.wait, Error, options)(operation)()],
  ]
  for (const [entry, call] of calls) {
    test.each(settings)(`${entry} with %s`, async (_, options) => {
      for (const [what, operation] of operations) {
        for (const maxTries of [1, 2]) {
          const caller = async (): Promise<unknown> => await call(operation, { wait: 1, ...options, maxTries })
          const [, thrown] = await settled(caller())
          expect((thrown as Error).stack, `${what}, in attempt ${maxTries}`).toMatch(/caller/)
        }
      }
    })
  }
})

describe('F-23 our own errors say whose they are', () => {
  test('that of maxTime', async () => {
    const time = virtual()
    const [, first] = await time.until(settled(retry(hang, { maxTime: 50, name: 'users' })))
    expect(first).toBeInstanceOf(TimeoutError)
    expect((first as Error).message).toBe('users has no result within maxTime, 50 ms: it was in attempt 1')
    expect(Object.hasOwn(first as Error, 'cause')).toBe(false)
    const [, second] = await time.until(settled(retry(({ tries }) => (tries === 1 ? fail() : hang()), { maxTime: 50, wait: 10 })))
    expect(second).toMatchObject({ message: expect.stringMatching(/^the call has no result within maxTime, 50 ms: it was in attempt 2$/), cause: error })
  })

  test('that of timeout', async () => {
    const time = virtual()
    const [, thrown] = await time.until(settled(retry(hang, { name: 'users', maxTries: 1, use: [timeout(50)] })))
    expect((thrown as Error).message).toBe('attempt 1 of users took longer than 50 ms')
    expect(Object.hasOwn(thrown as Error, 'cause')).toBe(false)
  })
})

describe('F-24 hostile values come out as they are', () => {
  const revoked = (): object => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  }
  const throwing = new Proxy({}, { get: () => fail(), getPrototypeOf: () => fail(), has: () => fail() })
  for (const [name, value] of [['a revoked Proxy', revoked()], ['a value whose every property throws', throwing]] as const) {
    for (const [how, options] of [['plain', {}], ['exception', { exception: TypeError }], ['signal', { signal: new AbortController().signal }], ['plugin', { use: [{ onGiveup() {} }] }], ['timeout', { use: [timeout(1_000)] }]] as const) {
      test(`${name}, ${how}`, async () => {
        let caught: unknown
        await retry(async () => { throw value }, { wait: 0, ...options } as Options).catch((thrown: unknown) => void (caught = thrown))
        expect(Object.is(caught, value)).toBe(true)
      })
    }
  }

  test.each([['then throws', { get then() { return fail() } }], ['then throws when called', { then: fail }]])('a result whose %s is a failure', async (_, value) => {
    for (const options of [{}, { use: [timeout(1_000)] }, { signal: new AbortController().signal }]) {
      expect(await settled(retry(() => value as unknown, { wait: 0, ...options }))).toEqual(['rejected', error])
    }
  })

  test('a then that calls back twice is a promise that settled once', async () => {
    const twice = { then: (resolve: (value: string) => void, reject: (error: unknown) => void) => (resolve('first'), reject(error), resolve('second')) }
    for (const options of [{}, { use: [timeout(1_000)] }]) expect(await retry(() => twice as unknown, options)).toBe('first')
  })
})

describe('F-25 forgotten calls leave nothing', () => {
  test('20,000 calls of a policy inside one attempt: any number may run, and an abort reaches them', async () => {
    const policy = new Retrying({ maxTries: 2 })
    const controller = new AbortController()
    const inner = policy.wrap(hang)
    let calls: Promise<unknown>[] = []
    const outer = settled(retry((attempt) => {
      calls = Array.from({ length: 20_000 }, () => settled(inner(attempt)))
      return hang()
    }, { signal: controller.signal }))
    await idle()
    controller.abort('left')
    expect(await outer).toEqual(['rejected', 'left'])
    expect(new Set((await Promise.all(calls) as [string, string][]).map(([how, reason]) => `${how} ${reason}`))).toEqual(new Set(['rejected left']))
  })

  test('loops that were begun and dropped do not keep a scope waiting', async () => {
    const policy = new Retrying()
    for (let count = 0; count < 100; count++) await policy[Symbol.asyncIterator]().next()
    await policy[Symbol.asyncDispose]()
  })
})

describe('F-26 scopes', () => {
  test.each<[string, Options]>([['bare', {}], ['inside a timeout', { use: [timeout(1_000)] }], ['inside two', { use: [timeout(1_000), timeout(500)] }]])('wait for an operation that was told to stop: %s', async (_, options) => {
    const log: string[] = []
    {
      await using policy = new Retrying(options)
      const work = async ({ signal }: Attempt): Promise<void> => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        await idle()
        log.push('the operation has cleaned up')
      }
      policy.run(work).catch(() => void log.push('the call has been cut off'))
      await idle()
    }
    log.push('the scope is left')
    expect(log).toEqual(['the call has been cut off', 'the operation has cleaned up', 'the scope is left'])
  })

  test('refuse iterators that were made before', async () => {
    const policy = new Retrying()
    const [async, sync] = [policy[Symbol.asyncIterator](), policy[Symbol.iterator]()]
    await policy[Symbol.asyncDispose]()
    await expect(async.next()).rejects.toMatchObject({ name: 'AbortError' })
    expect(() => sync.next()).toThrow(expect.objectContaining({ name: 'AbortError' }))
  })

  test('give a body that works on after them the AbortError', async () => {
    const policy = new Retrying()
    const loop = policy[Symbol.asyncIterator]()
    const { value: turn } = await loop.next()
    await policy[Symbol.asyncDispose]()
    await expect(turn!.run(() => 1)).rejects.toMatchObject({ name: 'AbortError' })
    await expect(policy.run(() => 1)).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('F-27 no timer is early on the clock in force', () => {
  /** A clock whose timers ring 0.8 ms early, as a platform's do. */
  const hasty = (): VirtualTime => {
    const time = virtualTime()
    undos.push(override({ clock: { now: () => time.now(), setTimeout: (callback, ms) => time.setTimeout(callback, Math.ceil(ms) - 0.8), clearTimeout: (handle) => time.clearTimeout(handle) } }))
    return time
  }
  test('the wait', async () => {
    const time = hasty()
    const starts: number[] = []
    await time.until(settled(retry(() => (starts.push(time.now()), fail()), { wait: 7, maxTries: 3 })))
    expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(7)
    expect(starts[2]! - starts[1]!).toBeGreaterThanOrEqual(7)
  })
  test.each<[string, () => Promise<unknown>]>([
    ['maxTime', () => retry(hang, { maxTime: 7 })],
    ['timeout', () => retry(hang, { maxTries: 1, use: [timeout(7)] })],
    ['sleep', () => sleep(7)],
    ['the wait of a loop', async () => { for await (const turn of new Retrying({ wait: 7, maxTries: 2 })) await turn.run(({ tries }) => (tries === 1 ? fail() : 1)) }],
  ])('%s', async (_, call) => {
    const time = hasty()
    const begun = time.now()
    await time.until(settled(call()))
    expect(time.now() - begun).toBeGreaterThanOrEqual(7)
  })
})

describe('F-32 sundry', () => {
  test('statistics of a start that was aborted are numbers', async () => {
    const policy = new Retrying({ signal: AbortSignal.abort('before') })
    await settled(policy.call(() => 1))
    expect(policy.statistics).toMatchObject({ attemptNumber: 0, elapsed: expect.any(Number), idleFor: 0 })
    expect(policy.statistics.elapsed).not.toBeNaN()
  })

  test.each<[string, (options: Options, cut: AbortController) => Promise<unknown>]>([
    ['an abort', (options, cut) => retry(fail, { ...options, signal: cut.signal })],
    ['an outer timeout', (options, cut) => retry(new Retrying(options).wrap(fail) as Operation<unknown>, { signal: cut.signal })],
    ['a scope', async (options, cut) => {
      const policy = new Retrying(options)
      cut.signal.addEventListener('abort', () => void policy[Symbol.asyncDispose]())
      return policy.run(fail)
    }],
  ])('a sleep of the caller\'s own hears of %s', async (_, call) => {
    const cut = new AbortController()
    let heard: AbortSignal | undefined
    const promise = settled(call({ wait: 1, sleep: (_ms, signal) => ((heard = signal), hang()) }, cut))
    await idle()
    expect(heard!.aborted).toBe(false)
    cut.abort('left')
    await promise
    expect(heard!.aborted).toBe(true)
  })

  test('a sleep of the caller\'s own hears of maxTime', async () => {
    const time = virtual()
    let heard: AbortSignal | undefined
    await time.until(settled(retry(fail, { wait: 1, maxTime: 50, sleep: (_ms, signal) => ((heard = signal), hang()) })))
    expect(heard!.reason).toBeInstanceOf(TimeoutError)
  })

  test('timeout counts from the beginning of the operation, its synchronous part included', async () => {
    const time = virtual()
    const begun = time.now()
    await time.until(settled(retry(() => (time.block(30), hang()), { maxTries: 1, use: [timeout(50)] })))
    expect(time.now() - begun).toBe(50)
  })

  test('timeout leaves no timer when then throws', async () => {
    const time = virtual()
    expect(await settled(retry(() => ({ then: fail }) as unknown, { maxTries: 1, use: [timeout(50)] }))).toEqual(['rejected', error])
    expect(time.pending).toBe(0)
  })

  everywhere('F-32 options that are changed during a call change nothing', async (enter) => {
    const options: any = { wait: 0, maxTries: 2, use: [], exception: [Error] }
    const operation = vi.fn(() => {
      Object.assign(options, { maxTries: 9, condition: () => false, retryErrorCallback: () => 'instead' })
      options.use.push({ stop: () => true })
      options.exception.length = 0
      return fail()
    })
    expect(await settled(enter(operation, options))).toEqual(['rejected', error])
    expect(operation).toHaveBeenCalledTimes(2)
  })

  test('a copy of a policy that is off is off', async () => {
    const policy = new Retrying({ wait: 0, maxTries: 5 })
    policy.enabled = false
    const operation = vi.fn(fail)
    await settled(policy.copy({ maxTries: 4 }).call(operation))
    expect(operation).toHaveBeenCalledTimes(1)
  })
})

test('the same plugin acts once, wherever else it is listed', async () => {
  const wrapped = vi.fn()
  const told = vi.fn()
  const plugin: Plugin = { onSuccess: told, wrap: (next) => (attempt) => (wrapped(), next(attempt)) }
  undos.push(use(plugin))
  await retry(() => 1, { use: [plugin, plugin] })
  expect([wrapped.mock.calls.length, told.mock.calls.length]).toEqual([1, 1])
})

test('Retrying.run gives the attempt, and takes a signal and a name for one call', async () => {
  const policy = new Retrying({ name: 'policy', signal: new AbortController().signal, wait: 0 })
  const names: string[] = []
  expect(await policy.run(({ tries, details }) => (names.push(details.name), tries < 2 ? fail() : tries), { name: 'this call' })).toBe(2)
  expect(names).toEqual(['this call', 'this call'])
  const controller = new AbortController()
  const promise = settled(policy.run(hang, { signal: controller.signal }))
  await idle()
  controller.abort('left')
  expect(await promise).toEqual(['rejected', 'left'])
})
