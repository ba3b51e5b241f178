import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { hang, settled } from '../../test/promises.ts'
import { error, fail, flat, undoAll, undos, virtual } from '../../test/setup.ts'
import { idle } from '../../test/time.ts'
import { disable } from '../seams/override.ts'
import { retry } from './retry.ts'
import { Retrying } from './retrying.ts'
import { sleep } from '../time/sleep.ts'
import type { Attempt, Details, Options } from '../types.ts'
import { use } from '../seams/use.ts'

afterEach(undoAll)

describe('call', () => {
  test('passes the arguments and tells them to who watches', async () => {
    const seen: Details[] = []
    const add = (a: number, b: number): number => a + b
    expect(await new Retrying({ onSuccess: (details) => void seen.push(details) }).call(add, 1, 2)).toBe(3)
    expect(new Retrying({ onSuccess: (details) => void seen.push(details) }).callSync(add, 3, 4)).toBe(7)
    expect(seen.map(({ target, args, name }) => [target, args, name])).toEqual([[add, [1, 2], 'add'], [add, [3, 4], 'add']])
  })

  test('has none where none are passed', async () => {
    const retrying = new Retrying()
    await retrying.run(() => 'ok')
    expect(retrying.callState!.args).toEqual([])
    for (const turn of retrying) {
      expect(turn.details.args).toEqual([])
      turn.run(() => 'ok')
    }
    for await (const turn of retrying) {
      expect(turn.details.args).toEqual([])
      await turn.run(() => 'ok')
    }
  })

  test('takes no option in place of a function', async () => {
    const retrying = new Retrying()
    await expect(retrying.call(undefined as never)).rejects.toThrow(/^operation must be a function/)
    expect(() => retrying.callSync(undefined as never)).toThrow(/^operation must be a function/)
    await expect(retrying.wrap(undefined as never)()).rejects.toThrow(/^operation must be a function/)
  })
})

describe('statistics', () => {
  test('are nothing before the first call', () => {
    const retrying = new Retrying()
    expect(retrying.statistics).toEqual({ attemptNumber: 0, elapsed: 0, idleFor: 0, startTime: undefined })
    expect(retrying.callState).toBe(undefined)
  })

  test('are right during a call, in a wait, and after it', async () => {
    const time = virtual()
    const retrying = new Retrying(flat)
    const promise = settled(retrying.call(async () => (await sleep(10), fail())))
    expect(retrying.statistics).toEqual({ attemptNumber: 1, elapsed: 0, idleFor: 0, startTime: 1_000 })
    expect(retrying.callState).toMatchObject({ tries: 1, elapsed: 0, previousWait: 0 })
    expect('exception' in retrying.callState!).toBe(false)
    await time.pass(5)
    expect(retrying.statistics).toMatchObject({ attemptNumber: 1, elapsed: 5 })
    await time.pass(45)
    expect(retrying.statistics).toMatchObject({ attemptNumber: 1, elapsed: 50, idleFor: 0 })
    expect(retrying.callState).toMatchObject({ tries: 1, elapsed: 10, duration: 10, previousWait: 0, exception: error })
    await time.pass(65)
    expect(retrying.statistics).toMatchObject({ attemptNumber: 2, elapsed: 115, idleFor: 100 })
    await time.until(promise)
    expect(retrying.statistics).toEqual({ attemptNumber: 3, elapsed: 230, idleFor: 200, startTime: 1_000 })
    expect(retrying.callState).toMatchObject({ tries: 3, elapsed: 230, idleFor: 200, previousWait: 100, exception: error })
    await time.pass(1_000)
    expect(retrying.statistics.elapsed).toBe(230)
  })

  test('are those of the latest call, of every kind', async () => {
    const time = virtual()
    const retrying = new Retrying(flat)
    await time.until(settled(retrying.call(fail)))
    expect(retrying.statistics.attemptNumber).toBe(3)
    retrying.callSync(() => 'ok')
    expect(retrying.statistics).toMatchObject({ attemptNumber: 1, idleFor: 0, startTime: 1_200 })
    expect(retrying.callState).toMatchObject({ value: 'ok' })
    expect(() => retrying.callSync(fail)).toThrow(error)
    expect(retrying.statistics).toMatchObject({ attemptNumber: 3, elapsed: 200, idleFor: 200 })
    for (const attempt of retrying) attempt.run(() => 5)
    expect(retrying.callState).toMatchObject({ tries: 1, value: 5 })
    for await (const attempt of retrying) await attempt.run(() => 6)
    expect(retrying.callState).toMatchObject({ tries: 1, value: 6 })
    await retrying.wrap(() => 7)()
    expect(retrying.callState).toMatchObject({ tries: 1, value: 7 })
    await retry(() => 8, { use: [retrying] })
    expect(retrying.callState).toMatchObject({ tries: 1, value: 8 })
  })

  test('are right inside the operation and after an abort', async () => {
    const time = virtual()
    const controller = new AbortController()
    const retrying = new Retrying({ ...flat, signal: controller.signal })
    const seen: number[] = []
    const promise = settled(retrying.call(() => (seen.push(retrying.statistics.attemptNumber), fail())))
    await time.pass(130)
    controller.abort('stop')
    await promise
    await time.pass(1_000)
    expect(seen).toEqual([1, 2])
    expect(retrying.statistics).toMatchObject({ attemptNumber: 2, elapsed: 130, idleFor: 100 })
  })

  test('of a disabled call count its one attempt', async () => {
    const retrying = new Retrying({ ...flat, enabled: false })
    await settled(retrying.call(fail))
    expect(retrying.statistics.attemptNumber).toBe(1)
  })

  test('a call that never began leaves them at 0 attempts', async () => {
    const retrying = new Retrying({ signal: AbortSignal.abort('no') })
    await settled(retrying.call(fail))
    expect(retrying.statistics).toMatchObject({ attemptNumber: 0, idleFor: 0 })
  })
})

describe('wrap', () => {
  test('makes an operation that is a call of its own each time, with the attempts', async () => {
    const time = virtual()
    const tries: number[] = []
    const wrapped = new Retrying(flat).wrap((attempt) => (tries.push(attempt.tries), attempt.tries < 2 ? fail() : 'ok'))
    expect(await time.until(wrapped())).toBe('ok')
    expect(await time.until(wrapped())).toBe('ok')
    expect(tries).toEqual([1, 2, 1, 2])
  })

  test('as a plugin retries inside each attempt, under the target and args of the outer call', async () => {
    const time = virtual()
    const seen: unknown[] = []
    const inner = new Retrying({ wait: 1, jitter: null, maxTries: 2, after: ({ target, args, tries }) => void seen.push([target, args, tries]) })
    const outer = new Retrying({ ...flat, use: [inner] })
    const operation = vi.fn(fail)
    await time.until(settled(outer.call(operation as (id: number) => never, 5)))
    expect(operation).toHaveBeenCalledTimes(6)
    expect(seen).toEqual([1, 2, 1, 2, 1, 2].map((tries) => [operation, [5], tries]))
  })

  test('ends with the attempt that it is inside of: an abort, a deadline, a lost copy', async () => {
    const time = virtual()
    const inner = new Retrying(flat)
    const controller = new AbortController()
    let attempt!: Attempt
    const operation = vi.fn((given: Attempt) => (attempt = given, void given.signal, hang()))
    const promise = settled(retry(operation, { use: [inner], signal: controller.signal }))
    await idle()
    controller.abort('mine')
    expect(await promise).toEqual(['rejected', 'mine'])
    expect(attempt.signal.reason).toBe('mine')

    const [, timedOut] = await time.until(settled(retry(operation, { use: [inner], maxTime: 50 })))
    expect(attempt.signal.reason).toBe(timedOut)

    const waiting = settled(retry(fail, { use: [inner], maxTime: 50 }))
    await time.until(waiting)
    expect(time.pending).toBe(0)
  })

  test('an abort ends the call that it began, not another of the same policy', async () => {
    virtual()
    const inner = new Retrying(flat)
    const controller = new AbortController()
    let other!: Promise<unknown>
    const promise = settled(retry(() => {
      other ??= inner.call(async () => (await sleep(10), 'other'))
      return hang()
    }, { use: [inner], signal: controller.signal }))
    await idle()
    controller.abort('mine')
    expect(await promise).toEqual(['rejected', 'mine'])
    undos.pop()!()
    let end: unknown = 'still running'
    void other.then((value) => (end = value), (error) => (end = error))
    await idle()
    expect(end).toBe('still running')
  })

  test('one that cannot begin rejects, and an abort of the attempt is then no matter', async () => {
    const inner = new Retrying({ maxTries: () => NaN })
    const controller = new AbortController()
    await expect(retry(() => 1, { use: [inner], maxTries: 1, signal: controller.signal })).rejects.toThrow(/^maxTries must be/)
    let attempt!: Attempt
    await retry(async (given) => {
      attempt = given
      await inner.wrap(() => 1)(given).catch(() => {})
    })
    expect(() => attempt.abort('late')).not.toThrow()
  })

  test('given an attempt that is aborted it does not begin', async () => {
    const operation = vi.fn()
    let attempt!: Attempt
    await retry((given) => void (attempt = given))
    attempt.abort('gone')
    expect(await settled(new Retrying().wrap(operation)(attempt))).toEqual(['rejected', 'gone'])
    expect(operation).not.toHaveBeenCalled()
  })
})

describe('copy and enabled', () => {
  test('a copy has some options replaced and numbers of its own', async () => {
    const time = virtual()
    const retrying = new Retrying(flat)
    const copy = retrying.copy({ maxTries: 2 })
    await time.until(settled(copy.call(fail)))
    expect([copy.statistics.attemptNumber, retrying.statistics.attemptNumber]).toEqual([2, 0])
    expect(copy).toBeInstanceOf(Retrying)
    await time.until(settled(copy.copy().call(fail)))
    expect(() => retrying.copy({ maxTries: 0 })).toThrow(RangeError)
  })

  test('enabled is read and set; calls that start later obey', async () => {
    const time = virtual()
    const retrying = new Retrying(flat)
    const operation = vi.fn(fail)
    expect(retrying.enabled).toBe(true)
    const running = settled(retrying.call(operation))
    retrying.enabled = false
    expect(retrying.enabled).toBe(false)
    await time.until(running)
    expect(operation).toHaveBeenCalledTimes(3)
    await settled(retrying.call(operation))
    expect(operation).toHaveBeenCalledTimes(4)
    expect(() => retrying.callSync(operation)).toThrow(error)
    for await (const attempt of retrying) await expect(attempt.run(operation)).rejects.toBe(error)
    expect(operation).toHaveBeenCalledTimes(6)
    retrying.enabled = true
    await time.until(settled(retrying.call(operation)))
    expect(operation).toHaveBeenCalledTimes(9)
    expect(new Retrying({ enabled: false }).enabled).toBe(false)
    expect(() => (retrying.enabled = 'yes' as never)).toThrow(TypeError)
  })

  test('what joins the process later, or leaves it, counts for the next call', async () => {
    const retrying = new Retrying({ ...flat, wait: 0 })
    const onAttempt = vi.fn()
    const undo = use({ onAttempt })
    await settled(retrying.call(fail))
    expect(onAttempt).toHaveBeenCalledTimes(3)
    undo()
    await settled(retrying.call(fail))
    expect(onAttempt).toHaveBeenCalledTimes(3)
    const off = disable()
    const operation = vi.fn(fail)
    await settled(retrying.call(operation))
    off()
    expect(operation).toHaveBeenCalledTimes(1)
  })
})

describe('await using', () => {
  test('aborts what still runs and waits for those that took their signal', async () => {
    const order: string[] = []
    let reason: unknown
    const calls: Promise<unknown>[] = []
    {
      await using retrying = new Retrying(flat)
      calls.push(settled(retrying.wrap(async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        reason = signal.reason
        await idle()
        order.push('cleaned up')
      })()))
      calls.push(settled(retrying.call(hang)))
      calls.push(settled(retrying.call(fail)))
      await idle()
      order.push('leaves')
    }
    order.push('left')
    expect(order).toEqual(['leaves', 'cleaned up', 'left'])
    expect(reason).toMatchObject({ name: 'AbortError' })
    expect(await Promise.all(calls)).toEqual([['rejected', reason], ['rejected', reason], ['rejected', reason]])
  })

  test('tells who watches that they were cut off, and leaves no timer', async () => {
    const time = virtual()
    const onAbort = vi.fn()
    const retrying = new Retrying({ ...flat, maxTime: 1_000, use: [{ onAbort }] })
    const call = settled(retrying.call(fail))
    const done = settled(retrying.call(() => 'ok'))
    await idle()
    expect(time.pending).toBe(2)
    await retrying[Symbol.asyncDispose]()
    expect(time.pending).toBe(0)
    expect(onAbort).toHaveBeenCalledTimes(1)
    expect(await done).toEqual(['resolved', 'ok'])
    expect((await call)[0]).toBe('rejected')
  })

  test('a closed policy takes no further calls, of no kind; closing twice is safe; its copy is open', async () => {
    const retrying = new Retrying(flat)
    await retrying[Symbol.asyncDispose]()
    await retrying[Symbol.asyncDispose]()
    const closed = { name: 'AbortError' }
    const operation = vi.fn(() => 1)
    await expect(retrying.call(operation)).rejects.toMatchObject(closed)
    await expect(retrying.wrap(operation)()).rejects.toMatchObject(closed)
    expect(() => retrying.callSync(operation)).toThrow(expect.objectContaining(closed))
    expect(() => [...retrying]).toThrow(expect.objectContaining(closed))
    await expect((async () => {
      for await (const attempt of retrying) await attempt.run(operation)
    })()).rejects.toMatchObject(closed)
    expect(operation).not.toHaveBeenCalled()
    expect(await retrying.copy().call(operation)).toBe(1)
  })

  test('aborts a loop that runs', async () => {
    const retrying = new Retrying(flat)
    const loop = (async () => {
      for await (const attempt of retrying) await attempt.run(hang)
    })()
    const end = settled(loop)
    await idle()
    await retrying[Symbol.asyncDispose]()
    expect(await end).toEqual(['rejected', expect.objectContaining({ name: 'AbortError' })])
  })

  test('forgets every call that has ended, of every kind and in every way', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const retrying = new Retrying({ wait: 0, maxTries: 2 })
    const controller = new AbortController()
    const refs: WeakRef<object>[] = []
    /** An operation that only the call itself keeps. */
    const fresh = (end: () => unknown): (() => any) => {
      const operation = (): unknown => end()
      refs.push(new WeakRef(operation))
      return operation
    }
    const ends: (() => unknown)[] = [() => 1, fail, async () => 1, async () => fail()]
    const make = async (): Promise<void> => {
      for (const end of ends) {
        await settled(retrying.call(fresh(end)))
        await settled(retrying.run(fresh(end)))
        await settled(retrying.wrap(fresh(end))())
        await settled((async () => { for await (const turn of retrying) await turn.run(fresh(end)) })())
        await settled((async () => { for await (const turn of retrying) { void turn.run(fresh(end)).catch(() => {}); break } })())
      }
      for (const end of ends.slice(0, 2)) {
        await settled((async () => retrying.callSync(fresh(end)))())
        await settled((async () => { for (const turn of retrying) turn.run(fresh(end)) })())
      }
      // Several at once, so that each has a place of its own.
      await Promise.all([1, 2, 3].map((end) => settled(retrying.call(fresh(async () => end)))))
      const hanging = settled(retrying.run(fresh(hang), { signal: controller.signal }))
      controller.abort('enough')
      await hanging
    }
    await make()
    // The numbers of the latest call are still to be read.
    retrying.callSync(() => 1)
    for (let round = 0; round < 5; round++) {
      await idle()
      collect()
    }
    expect(refs.length).toBeGreaterThan(24)
    expect(refs.filter((ref) => ref.deref()).length).toBe(0)
    expect(retrying.statistics.attemptNumber).toBe(1)
  })

  test('run is a call without arguments', async () => {
    const onSuccess = vi.fn()
    await new Retrying({ onSuccess }).run(() => 1)
    expect(onSuccess.mock.calls[0]![0].args).toEqual([])
  })

  test('many calls come and go in any order, and only those that run are aborted', async () => {
    const time = virtual()
    const retrying = new Retrying<number>({ ...flat, maxTries: 2 } satisfies Options)
    const ends = Array.from({ length: 50 }, (_, i) => settled(retrying.call(async () => (await sleep((i * 37) % 101), i % 3 ? i : fail()))))
    await time.pass(50)
    const closing = retrying[Symbol.asyncDispose]()
    const counts: Record<string, number> = {}
    for (const [how, what] of await Promise.all(ends)) {
      const key = how === 'resolved' ? how : (what as Error).name
      counts[key] = (counts[key] ?? 0) + 1
    }
    await closing
    expect(time.pending).toBeLessThan(50)
    const early = Array.from({ length: 50 }, (_, i) => i).filter((i) => i % 3 && (i * 37) % 101 <= 50).length
    expect(counts).toEqual({ resolved: early, AbortError: 50 - early })
  })
})
