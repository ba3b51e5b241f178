import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { hang, settled } from '../../test/promises.ts'
import { error, fail, flat, undoAll, virtual } from '../../test/setup.ts'
import { idle } from '../../test/time.ts'
import { TimeoutError } from '../errors.ts'
import type { SyncTurn, Turn } from './iterate.ts'
import { Retrying } from './retrying.ts'
import { sleep } from '../time/sleep.ts'
import type { Details, Options, Plugin } from '../types.ts'

afterEach(undoAll)
const ending = (): { told: string[]; plugin: Plugin } => {
  const told: string[] = []
  return { told, plugin: Object.fromEntries(['onAttempt', 'onSuccess', 'onGiveup', 'onAbort'].map((event) => [event, () => void told.push(event)])) }
}

/** Drives a `for await` loop. */
const loop = (options: Options, body: (turn: Turn) => unknown): Promise<[string, unknown]> =>
  settled((async () => {
    for await (const turn of new Retrying(options)) await body(turn)
    return 'left the loop'
  })())

/** Drives a `for` loop. */
const loopSync = (options: Options, body: (turn: SyncTurn) => unknown): [string, unknown] => {
  try {
    for (const turn of new Retrying(options)) body(turn)
    return ['resolved', 'left the loop']
  } catch (error) {
    return ['rejected', error]
  }
}

describe('RT-47 one turn', () => {
  test('gives what an attempt gives, and run gives the result', async () => {
    virtual()
    const turns: Turn[] = []
    const results: unknown[] = []
    let runs = 0
    expect(await loop({ ...flat, sleep: () => {} }, async (turn) => {
      turns.push(turn)
      results.push(await turn.run((attempt) => {
        expect(attempt).toBe(turn)
        return ++runs < 3 ? fail() : 'ok'
      }))
    })).toEqual(['resolved', 'left the loop'])
    expect(results).toEqual([undefined, undefined, 'ok'])
    expect(turns.map(({ tries }) => tries)).toEqual([1, 2, 3])
    expect(new Set(turns.map(({ signal }) => signal)).size).toBe(3)
  })

  test('run rejects with what the call gives up with, and the loop says it once', async () => {
    const time = virtual()
    const caught: unknown[] = []
    expect(await time.until(loop(flat, async (turn) => {
      await turn.run(fail).catch((error) => caught.push(error))
    }))).toEqual(['resolved', 'left the loop'])
    expect(caught).toEqual([error])
    expect(loopSync(flat, (turn) => {
      try {
        turn.run(fail)
      } catch (error) {
        caught.push(error)
      }
    })).toEqual(['resolved', 'left the loop'])
    expect(caught).toEqual([error, error])
  })

  test('the target is the function that was run', async () => {
    const job = (): number => 1
    const targets: unknown[] = []
    const options: Options = { onAttempt: ({ name }) => void targets.push(name), onSuccess: ({ target, name }) => void targets.push(target, name) }
    await loop(options, (turn) => turn.run(job))
    loopSync(options, (turn) => turn.run(job))
    expect(targets).toEqual(['', job, 'job', '', job, 'job'])
  })

  test('run twice is an error, async', async () => {
    const { told, plugin } = ending()
    const operation = vi.fn(() => 1)
    const [how, thrown] = await loop({ use: [plugin] }, async (turn) => {
      await turn.run(operation)
      await turn.run(operation)
    })
    expect([how, (thrown as Error).message]).toEqual(['rejected', expect.stringContaining('attempt.run was called twice')])
    expect(operation).toHaveBeenCalledTimes(1)
    expect(told).toEqual(['onAttempt', 'onSuccess'])
  })

  test('run twice at once is an error of the second', async () => {
    let second: unknown
    expect(await loop({}, async (turn) => {
      const first = turn.run(async () => (await idle(), 'first'))
      second = await turn.run(() => 'second').catch((error) => error)
      expect(await first).toBe('first')
    })).toEqual(['resolved', 'left the loop'])
    expect(second).toMatchObject({ message: expect.stringContaining('attempt.run was called twice') })
  })

  test('run twice is an error, sync', () => {
    const { told, plugin } = ending()
    const [how, thrown] = loopSync({ use: [plugin] }, (turn) => [turn.run(() => 1), turn.run(() => 2)])
    expect([how, (thrown as Error).message]).toEqual(['rejected', expect.stringContaining('attempt.run was called twice')])
    expect(told).toEqual(['onAttempt', 'onSuccess'])
  })

  test('run of an old turn is an error', async () => {
    virtual()
    const turns: Turn[] = []
    const ran: number[] = []
    const old: unknown[] = []
    expect(await loop({ ...flat, sleep: () => {} }, async (turn) => {
      turns.push(turn)
      if (turn.tries === 2) old.push(await settled(turns[0]!.run(() => ran.push(0))))
      await turn.run(() => ran.push(turn.tries) && (turn.tries === 1 ? fail() : 1))
    })).toEqual(['resolved', 'left the loop'])
    for (const turn of turns) old.push(await settled(turn.run(() => ran.push(0))))
    expect(old).toEqual(Array.from({ length: 3 }, () => ['rejected', expect.objectContaining({ message: expect.stringContaining('after its turn') })]))
    expect(ran).toEqual([1, 2])
  })

  test('run never is an error, which says what to do', async () => {
    for (const bodies of [async (options: Options) => loop(options, () => {}), async (options: Options) => loopSync(options, () => {})]) {
      const { told, plugin } = ending()
      const [how, thrown] = await bodies({ use: [plugin] })
      expect([how, (thrown as Error).message]).toEqual(['rejected', expect.stringContaining('run one operation in each turn')])
      expect(told).toEqual(['onAttempt', 'onAbort'])
    }
  })

  test.each([undefined, null, 5, 'x', {}])('run of %s is an error', async (operation) => {
    const [, thrown] = await loop({}, (turn) => turn.run(operation as never))
    expect((thrown as Error).message).toMatch(/^operation must be a function; got /)
    expect((loopSync({}, (turn) => turn.run(operation as never))[1] as Error).message).toMatch(/^operation must be a function; got /)
  })

  test('run is not awaited: the loop waits for it', async () => {
    const time = virtual()
    const results: unknown[] = []
    expect(await time.until(loop(flat, (turn) => {
      void turn.run(async () => (await sleep(50), turn.tries < 2 ? fail() : 'ok')).then((value) => results.push(value))
    }))).toEqual(['resolved', 'left the loop'])
    expect(results).toEqual([undefined, 'ok'])
    expect(time.now()).toBe(1_200)
  })
})

describe('RT-47 a loop that is left', () => {
  test('by break: ends as an abort, leaves nothing', async () => {
    const time = virtual()
    const { told, plugin } = ending()
    const { signal } = new AbortController()
    const onAbort = vi.fn()
    for await (const turn of new Retrying({ ...flat, signal, maxTime: 1_000, use: [plugin, { onAbort }] })) {
      await turn.run(fail)
      if (turn.tries === 2) break
      void time.pass(100)
    }
    expect(told).toEqual(['onAttempt', 'onAttempt', 'onAbort'])
    expect(onAbort).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ tries: 2, exception: error, end: 'abort', reason: expect.objectContaining({ name: 'AbortError' }) }))
    for (const turn of new Retrying({ ...flat, signal, use: [plugin] })) if (turn.tries === 1) break
    expect(told.slice(3)).toEqual(['onAttempt', 'onAbort'])
    expect(time.pending).toBe(0)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('by break after success: the success stands', async () => {
    const { told, plugin } = ending()
    for await (const turn of new Retrying({ use: [plugin] })) {
      await turn.run(() => 1)
      break
    }
    for (const turn of new Retrying({ use: [plugin] })) {
      turn.run(() => 1)
      break
    }
    expect(told).toEqual(['onAttempt', 'onSuccess', 'onAttempt', 'onSuccess'])
  })

  test('by an error of the body outside run: the error itself comes out', async () => {
    const own = new Error('body')
    const { told, plugin } = ending()
    expect(await loop({ use: [plugin] }, () => { throw own })).toEqual(['rejected', own])
    expect(loopSync({ use: [plugin] }, () => { throw own })).toEqual(['rejected', own])
    expect(await loop({ ...flat, use: [plugin] }, async (turn) => {
      await turn.run(fail)
      throw own
    })).toEqual(['rejected', own])
    expect(told).toEqual(['onAttempt', 'onAbort', 'onAttempt', 'onAbort', 'onAttempt', 'onAbort'])
  })

  test('with an operation under way: it is aborted, its late end is dropped', async () => {
    const time = virtual()
    let signal!: AbortSignal
    let running!: Promise<unknown>
    for await (const turn of new Retrying({ maxTime: 500 })) {
      running = turn.run((attempt) => (signal = attempt.signal, sleep(100).then(fail)))
      break
    }
    // Whoever waits for it is not left waiting.
    expect(await settled(running)).toEqual(['resolved', undefined])
    expect(signal.reason).toMatchObject({ name: 'AbortError' })
    expect(time.now()).toBe(1_000)
    await time.pass(1_000)
    expect(time.pending).toBe(0)
  })

  test('by nobody coming back: no timer and no listener is left', async () => {
    const time = virtual()
    const { signal } = new AbortController()
    const abandoned = new Retrying({ ...flat, signal, maxTime: 1_000 })[Symbol.asyncIterator]()
    const { value: turn } = await abandoned.next()
    await turn!.run(fail)
    expect(time.pending).toBe(0)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    const sync = new Retrying({ ...flat, signal })[Symbol.iterator]()
    sync.next().value!.run(fail)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('before it began: nothing began', async () => {
    const { told, plugin } = ending()
    const iterator = new Retrying({ use: [plugin] })[Symbol.asyncIterator]()
    await iterator.return(undefined)
    expect(told).toEqual([])
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })
})

describe('RT-47 how a loop ends', () => {
  test('a wait sequence that ends: its error comes out', async () => {
    const time = virtual()
    expect(await time.until(loop({ wait: [10, 20], jitter: null, maxTries: 9 }, (turn) => turn.run(fail)))).toEqual(['rejected', error])
    expect(time.now()).toBe(1_030)
    expect(loopSync({ wait: [10, 20], jitter: null, maxTries: 9 }, (turn) => turn.run(fail))).toEqual(['rejected', error])
    expect(time.now()).toBe(1_060)
  })

  test('a signal aborted before: the body does not run, and nobody is told', async () => {
    const body = vi.fn()
    const { told, plugin } = ending()
    const options = { signal: AbortSignal.abort('no'), use: [plugin] }
    expect(await loop(options, body)).toEqual(['rejected', 'no'])
    expect(loopSync(options, body)).toEqual(['rejected', 'no'])
    expect([body.mock.calls, told]).toEqual([[], []])
  })

  test('an abort in a wait', async () => {
    const time = virtual()
    const controller = new AbortController()
    const end = loop({ ...flat, signal: controller.signal }, (turn) => turn.run(fail))
    await time.pass(50)
    controller.abort('stop')
    expect(await end).toEqual(['rejected', 'stop'])
    expect(time.pending).toBe(0)
  })

  test('maxTime is of all turns together', async () => {
    const time = virtual()
    const bodies = [async () => (await sleep(60), fail()), hang]
    const end = loop({ wait: 10, jitter: null, maxTime: 100 }, (turn) => turn.run(bodies[turn.tries - 1]!))
    expect(await time.until(end)).toEqual(['rejected', expect.objectContaining({ name: 'TimeoutError', cause: error })])
    expect(time.now()).toBe(1_100)
  })

  test('a call whose time is up before there is a turn gives none', async () => {
    const time = virtual()
    const body = vi.fn()
    const before = (): Promise<void> => sleep(200)
    expect(await time.until(loop({ before, maxTime: 100, raiseOnGiveup: false }, body))).toEqual(['resolved', 'left the loop'])
    expect([time.now(), body.mock.calls.length]).toEqual([1_100, 0])
  })

  test('a synchronous one refuses promises, and says whose', () => {
    virtual()
    const promised = { retryErrorCallback: async () => 1, maxTries: 1 }
    expect(loopSync({}, (turn) => turn.run((async () => 1) as any))).toEqual(['rejected', expect.objectContaining({ message: expect.stringMatching(/^the operation returned a promise/) })])
    expect(loopSync(promised, (turn) => turn.run(fail))).toEqual(['rejected', expect.objectContaining({ message: expect.stringMatching(/^a handler returned a promise/) })])
  })

  test('the record of a loop has no arguments, and no name before its function is known', async () => {
    virtual()
    const seen: unknown[] = []
    const onAttempt = ({ args, name }: Details): unknown => seen.push([args, name])
    const onSuccess = ({ args, name }: Details): unknown => seen.push([args, name])
    await loop({ onAttempt, onSuccess } as Options, (turn) => turn.run(function load() { return 1 }))
    expect(seen).toEqual([[[], ''], [[], 'load']])
  })

  test('an abort in an attempt', async () => {
    const controller = new AbortController()
    const end = loop({ ...flat, signal: controller.signal }, (turn) => turn.run(hang))
    await idle()
    controller.abort('stop')
    expect(await end).toEqual(['rejected', 'stop'])
  })

  test('an abort in the body is noticed at the next step', async () => {
    for (const step of ['run', 'wait']) {
      const controller = new AbortController()
      const operation = vi.fn(fail)
      expect(await loop({ ...flat, signal: controller.signal }, async (turn) => {
        if (step === 'run') controller.abort('stop')
        await turn.run(operation)
        controller.abort('stop')
      })).toEqual(['rejected', 'stop'])
      expect(operation).toHaveBeenCalledTimes(step === 'run' ? 0 : 1)
    }
  })

  test('an abort in the body of a synchronous loop', () => {
    virtual()
    const controller = new AbortController()
    const operation = vi.fn(fail)
    expect(loopSync({ ...flat, signal: controller.signal }, (turn) => {
      turn.run(operation)
      controller.abort('stop')
    })).toEqual(['rejected', 'stop'])
    expect(operation).toHaveBeenCalledTimes(1)
  })

  test('a deadline in an attempt: a TimeoutError out of run', async () => {
    const time = virtual()
    const [how, thrown] = await time.until(loop({ maxTime: 200 }, (turn) => turn.run(hang)))
    expect([how, thrown, time.now()]).toEqual(['rejected', expect.any(TimeoutError), 1_200])
  })

  test('a deadline that passed in the body', async () => {
    const time = virtual()
    const operation = vi.fn(fail)
    const end = loop({ wait: 10, maxTime: 200 }, async (turn) => {
      await sleep(300)
      await turn.run(operation)
    })
    const [how] = await time.until(end)
    expect(how).toBe('rejected')
    expect(operation.mock.calls.length).toBeLessThan(2)
    expect(time.pending).toBe(0)
  })

  test('a deadline in a custom sleep: the last error stands', async () => {
    const time = virtual()
    expect(await time.until(loop({ ...flat, maxTime: 200, sleep: hang }, (turn) => turn.run(fail)))).toEqual(['rejected', error])
    expect(await time.until(loop({ ...flat, maxTime: 200, sleep: hang, raiseOnGiveup: false }, (turn) => turn.run(fail)))).toEqual(['resolved', 'left the loop'])
  })

  test('a handler that fails between two turns', async () => {
    const own = new Error('own')
    expect(await loop({ ...flat, wait: 0, onAttempt: ({ tries }) => { if (tries === 2) throw own } }, (turn) => turn.run(fail))).toEqual(['rejected', own])
    expect(loopSync({ ...flat, wait: 0, onAttempt: ({ tries }) => { if (tries === 2) throw own } }, (turn) => turn.run(fail))).toEqual(['rejected', own])
  })

  test('a promise in a synchronous loop is a TypeError', async () => {
    const [, thrown] = loopSync({}, (turn) => turn.run(async () => 1))
    expect(thrown).toBeInstanceOf(TypeError)
    const [, sleeping] = loopSync({ ...flat, sleep: async () => {} }, (turn) => turn.run(fail))
    expect((sleeping as Error).message).toContain('sleep returned a promise')
  })
})

describe('RT-47 one policy', () => {
  test('nested and concurrent loops share nothing', async () => {
    const time = virtual()
    const seen: string[] = []
    const policy = new Retrying({ ...flat, onAttempt: ({ tries }: Details) => void seen.push(`attempt ${tries}`) })
    const inner = async (): Promise<string> => {
      for await (const turn of policy) {
        const value = await turn.run(() => (turn.tries < 2 ? fail() : `inner ${turn.tries}`))
        if (value) return value
      }
      return 'never'
    }
    const outer = async (): Promise<unknown> => {
      for await (const turn of policy) {
        const value = await turn.run(async () => [await inner(), turn.tries < 3 ? fail() : `outer ${turn.tries}`])
        if (value) return value
      }
      return 'never'
    }
    const results = await time.until(Promise.all([outer(), outer(), inner()]))
    expect(results).toEqual([['inner 2', 'outer 3'], ['inner 2', 'outer 3'], 'inner 2'])
    expect(seen).toHaveLength(3 + 3 + 6 + 6 + 2)
    for (const a of policy) {
      for (const b of policy) b.run(() => (b.tries < 2 ? fail() : 1))
      a.run(() => (a.tries < 3 ? fail() : 1))
    }
    expect(seen.slice(20)).toEqual(['attempt 1', 'attempt 1', 'attempt 2', 'attempt 2', 'attempt 1', 'attempt 2', 'attempt 3', 'attempt 1', 'attempt 2'])
  })

  test('the iterator of a loop is its own', () => {
    const policy = new Retrying()
    expect(policy[Symbol.asyncIterator]() === policy[Symbol.asyncIterator]()).toBe(false)
    expect(policy[Symbol.iterator]() === policy[Symbol.iterator]()).toBe(false)
  })
})
