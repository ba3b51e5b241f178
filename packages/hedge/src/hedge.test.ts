import { type Attempt, disable, NonRetryableError, sleep, TimeoutError } from '@backon/core'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest'
import { hedge, onHedge } from './hedge.ts'
import { HedgingRetrying } from './retrying.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

/** The first copy is slow, the others are not. */
const slowFirst = () => {
  let copies = 0
  return Object.assign(
    async ({ signal }: Pick<Attempt, 'signal'> = new AbortController()) => {
      const copy = ++copies
      await sleep(copy === 1 ? 1_000 : 10, signal)
      return copy
    },
    { copies: () => copies },
  )
}

describe('hedge', () => {
  test('resolves with the first success', async () => {
    const promise = hedge(slowFirst(), { wait: 100 })
    expectTypeOf(promise).toEqualTypeOf<Promise<number>>()
    await vi.advanceTimersByTimeAsync(110)
    expect(await promise).toBe(2)
  })

  test('never retries', async () => {
    const operation = vi.fn(async () => Promise.reject(new Error('x')))
    await expect(hedge(operation, { wait: 100, maxHedge: 2 })).rejects.toThrow('x')
    expect(operation).toHaveBeenCalledTimes(2)
  })

  test('takes a plain value, a thrown error and a foreign thenable', async () => {
    await expect(hedge(() => 5, { wait: 1 })).resolves.toBe(5)
    const fatal = new NonRetryableError('x')
    await expect(hedge(() => { throw fatal }, { wait: 1 })).rejects.toBe(fatal)
    await expect(hedge(() => ({ then: (resolve: any) => resolve(6) }) as PromiseLike<number>, { wait: 1 })).resolves.toBe(6)
  })

  test('with a signal rejects with the identical reason, and an aborted one starts nothing', async () => {
    const controller = new AbortController()
    const operation = slowFirst()
    const promise = hedge(operation, { wait: 100, signal: controller.signal })
    const reason = { any: 'thing' }
    controller.abort(reason)
    await expect(promise).rejects.toBe(reason)
    await expect(hedge(operation, { wait: 100, signal: controller.signal })).rejects.toBe(reason)
    expect(operation.copies()).toBe(1)
    await vi.advanceTimersByTimeAsync(0)
  })

  test('with a timeout rejects with a TimeoutError', async () => {
    const promise = hedge(({ signal }) => sleep(1_000, signal), { wait: 40, timeout: 100 })
    const checked = expect(promise).rejects.toBeInstanceOf(TimeoutError)
    await vi.advanceTimersByTimeAsync(100)
    await checked
  })

  test('rejects for unusable options', async () => {
    await expect(hedge(async () => 1, { wait: 1, maxHedge: 0 })).rejects.toBeInstanceOf(RangeError)
    await expect(hedge('x' as any, { wait: 1 })).rejects.toBeInstanceOf(TypeError)
  })

  test.each(['disable()', 'enabled: false'])('%s runs one copy', async (how) => {
    const off = how === 'disable()' ? disable() : undefined
    const operation = slowFirst()
    const promise = hedge(operation, { wait: 0, enabled: off ? true : false })
    off?.()
    await vi.advanceTimersByTimeAsync(1_000)
    expect([await promise, operation.copies()]).toEqual([1, 1])
  })

  test('calls that share an options object share its allowance', async () => {
    const options = { wait: 10, maxHedge: 2, maxExtraLoad: 0.5 }
    const operations = [slowFirst(), slowFirst(), slowFirst(), slowFirst()]
    for (const operation of operations) {
      void hedge(operation, options)
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(operations.map((operation) => operation.copies())).toEqual([1, 2, 1, 2])
  })

  test('tells handlers of the call, and puts its plugins around the hedge', async () => {
    const attempts = vi.fn()
    const onGiveup = vi.fn()
    const use = [{ wrap: (next: any) => (attempt: Attempt) => (attempts(), next(attempt)) }]
    await expect(hedge(async () => Promise.reject(new Error('x')), { wait: 10, onGiveup, use })).rejects.toThrow('x')
    expect([attempts.mock.calls.length, onGiveup.mock.calls.length]).toEqual([1, 1])
  })
})

describe('onHedge', () => {
  test('wraps a function and keeps this, name, length and types', async () => {
    const user = { prefix: 'user ', fetch: onHedge({ wait: 10 })(async function fetchUser(this: { prefix: string }, id: number) { return this.prefix + id }) }
    expectTypeOf(user.fetch).returns.toEqualTypeOf<Promise<string>>()
    expect([user.fetch.name, user.fetch.length]).toEqual(['fetchUser', 1])
    await expect(user.fetch(7)).resolves.toBe('user 7')
  })

  test('decorates a method', async () => {
    class Client {
      calls = 0
      @onHedge({ wait: 10, maxHedge: 2 })
      async get(id: number): Promise<string> {
        const call = ++this.calls
        await sleep(call === 1 ? 100 : 5)
        return `${id} from copy ${call}`
      }
    }
    const promise = new Client().get(3)
    await vi.advanceTimersByTimeAsync(100)
    expect(await promise).toBe('3 from copy 2')
  })

  test('refuses unusable options when they are given', () => {
    expect(() => onHedge({ wait: 10, maxHedge: 0 })).toThrow(RangeError)
  })
})

describe('HedgingRetrying', () => {
  test('hedges each attempt, with arguments and numbers', async () => {
    let copies = 0
    const fetchUser = async (id: number) => {
      if (++copies <= 2) throw new Error(`copy ${copies}`)
      return id
    }
    const retrying = new HedgingRetrying({ hedge: { wait: 10, maxHedge: 2 }, maxTries: 2, wait: 100, jitter: null })
    const promise = retrying.call(fetchUser, 9)
    expectTypeOf(promise).toEqualTypeOf<Promise<number>>()
    await vi.advanceTimersByTimeAsync(100)
    expect([await promise, copies, retrying.statistics.attemptNumber]).toEqual([9, 3, 2])
  })

  test('copies with overrides, of its hedge too', async () => {
    const retrying = new HedgingRetrying({ hedge: { wait: 10, maxHedge: 2 }, maxTries: 1 })
    const fails = vi.fn(async () => Promise.reject(new Error('x')))
    await expect(retrying.copy({ hedge: { wait: 10 } }).call(fails)).rejects.toThrow('x')
    expect(fails).toHaveBeenCalledTimes(3)
    const copy = retrying.copy({ name: 'x' })
    expect(copy).toBeInstanceOf(HedgingRetrying)
    await expect(copy.call(fails)).rejects.toThrow('x')
    expect(fails).toHaveBeenCalledTimes(5)
  })

  test('run gives the operation the attempt, with its copy', async () => {
    const retrying = new HedgingRetrying({ hedge: { wait: 10, maxHedge: 2 }, maxTries: 1 })
    const promise = retrying.run(async ({ copy, signal }) => {
      await sleep(copy === 1 ? 1_000 : 5, signal)
      return copy
    })
    expectTypeOf(promise).toEqualTypeOf<Promise<number>>()
    await vi.advanceTimersByTimeAsync(20)
    expect(await promise).toBe(2)
  })

  test('F-10: copy({ hedge: undefined }) replaces nothing', async () => {
    const retrying = new HedgingRetrying({ hedge: { wait: 10, maxHedge: 2 }, maxTries: 1, name: 'users' })
    const fails = vi.fn(async () => Promise.reject(new Error('x')))
    const onGiveup = vi.fn()
    await expect(retrying.copy({ hedge: undefined, maxTries: undefined, name: undefined, onGiveup }).call(fails)).rejects.toThrow('x')
    expect(fails).toHaveBeenCalledTimes(2)
    expect(onGiveup.mock.calls[0]![0]).toMatchObject({ name: 'users', tries: 1 })
  })

  test('works synchronously, and runs one copy when not enabled', () => {
    const retrying = new HedgingRetrying({ hedge: { wait: 10, maxHedge: 2 }, maxTries: 1 })
    const fails = vi.fn(() => { throw new Error('x') })
    expect(() => retrying.callSync(fails)).toThrow('x')
    retrying.enabled = false
    expect(() => retrying.callSync(fails)).toThrow('x')
    expect(fails).toHaveBeenCalledTimes(3)
  })

  test('refuses unusable options of its hedge', () => {
    expect(() => new HedgingRetrying({ hedge: { wait: 10, maxHedge: 0 } })).toThrow(RangeError)
  })
})
