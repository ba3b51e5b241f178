import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hang, settled } from '../../test/promises.ts'
import { idle, virtualTime } from '../../test/time.ts'
import { TimeoutError, TryAgain } from '../errors.ts'
import { override } from '../seams/override.ts'
import { retrySync } from '../shells/retry-sync.ts'
import { retry } from '../shells/retry.ts'
import type { Attempt, Operation, Plugin } from '../types.ts'
import { abortLeftovers } from './abort-leftovers.ts'
import { timeout } from './timeout.ts'

const once = { wait: 0, maxTries: 1 }

describe('F-02 three requests that are awaited together, of which one fails', () => {
  let server: Server
  let url: string
  /** Requests that are not answered, and who wants to know when there are none. */
  const open = new Set<ServerResponse>()
  let closed = (): void => {}

  beforeEach(async () => {
    const attempts = new Map<string, ServerResponse[]>()
    server = createServer((request, response) => {
      const [path, attempt] = request.url!.split('?') as [string, string]
      open.add(response)
      response.on('close', () => {
        open.delete(response)
        closed()
      })
      const together = [...(attempts.get(attempt) ?? []), response]
      attempts.set(attempt, together)
      // It fails when the two others are under way.
      if (path === '/fails') response.statusCode = 500
      if (together.length === 3) together.find(({ statusCode }) => statusCode === 500)!.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const load = async (path: string, { signal, tries }: Attempt): Promise<string> => {
    const response = await fetch(`${url}${path}?${tries}`, { signal })
    if (!response.ok) throw new Error(`status ${response.status}`)
    return response.text()
  }
  const all: Operation<string[]> = (attempt) => Promise.all(['/a', '/b', '/fails'].map((path) => load(path, attempt)))
  const untilOpen = (count: number): Promise<void> => new Promise((resolve) => {
    closed = () => void (open.size === count && resolve())
    closed()
  })

  test('with it none is in flight after the call', async () => {
    expect(await settled(retry(all, { wait: 0, maxTries: 4, use: [abortLeftovers()] }))).toMatchObject(['rejected', { message: 'status 500' }])
    await untilOpen(0)
    expect(open.size).toBe(0)
  })

  test('without it two of each attempt run on', async () => {
    await settled(retry(all, { wait: 0, maxTries: 4 }))
    await untilOpen(8)
    await idle()
    expect(open.size).toBe(8)
  })
})

describe('abortLeftovers', () => {
  const attempts: Attempt[] = []
  afterEach(() => void attempts.splice(0))
  const taken = (operation: Operation<unknown>): Operation<any> => (attempt) => {
    attempts.push(attempt)
    void attempt.signal
    return operation(attempt)
  }
  /** What a layer outside sees: the outcome of each attempt, and whether its own was aborted by then. */
  const judge = () => {
    const seen: unknown[] = []
    const outside: Plugin = {
      wrap: (next) => async (attempt) => {
        const outcome = await settled((async () => next(attempt))())
        seen.push([...outcome, attempt.aborted, attempt.signal.aborted])
        if (outcome[0] === 'rejected') throw outcome[1]
        return outcome[1] as any
      },
    }
    return { seen, outside }
  }

  test.each<[string, (error: Error) => Operation<never>]>([
    ['a rejection', (error) => () => Promise.reject(error)],
    ['a throw', (error) => () => { throw error }],
    ['a thenable', (error) => () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(error) }) as never],
    ['a then that throws', (error) => () => ({ get then() { throw error } }) as never],
    ['a then that answers twice', (error) => () => ({ then: (resolve: (value: unknown) => void, reject: (error: Error) => void) => (reject(error), resolve(1)) }) as never],
  ])('aborts the signal of an attempt that failed, with an AbortError, and passes the error on: %s', async (_, make) => {
    const error = new Error('down')
    const { seen, outside } = judge()
    expect(await settled(retry(taken(make(error)), { ...once, use: [outside, abortLeftovers()] }))).toEqual(['rejected', error])
    expect(attempts[0]!.signal.reason).toMatchObject({ name: 'AbortError', message: 'attempt 1 has failed, and ends what it had started' })
    expect(seen).toEqual([['rejected', error, false, false]])
  })

  test('of a synchronous call too', () => {
    const fails = taken(() => { throw new Error('down') })
    expect(() => retrySync(fails, { ...once, maxTries: 2, use: [abortLeftovers()] })).toThrow('down')
    expect(attempts.map(({ signal }) => signal.aborted)).toEqual([true, true])
  })

  test('of an attempt that asks for another', async () => {
    await retry(taken(({ tries }) => (tries < 2 ? Promise.reject(new TryAgain()) : 'ok')), { wait: 0, use: [abortLeftovers()] })
    expect(attempts.map(({ signal }) => signal.aborted)).toEqual([true, false])
  })

  test.each<[string, () => unknown]>([['a value', () => 'ok'], ['a promise', async () => 'ok'], ['nothing', () => undefined], ['a thenable', () => ({ then: (resolve: (value: string) => void) => resolve('ok') })]])('leaves an attempt alone that gives %s', async (_, operation) => {
    const value = await operation()
    expect(await retry(taken(operation), { ...once, use: [abortLeftovers()] })).toBe(value)
    expect(attempts[0]!.signal.aborted).toBe(false)
  })

  test('aborts only after the layers inside have judged', async () => {
    const { seen, outside: inside } = judge()
    await settled(retry(taken(() => Promise.reject(new Error('down'))), { ...once, use: [abortLeftovers(), inside] }))
    expect(seen).toEqual([['rejected', expect.any(Error), false, false]])
    expect(attempts[0]!.signal.aborted).toBe(true)
  })

  test('leaves the reason of the caller, and of a timeout, as it is', async () => {
    const time = virtualTime(0)
    const undo = override({ clock: time })
    const controller = new AbortController()
    const cut = settled(retry(taken(hang), { ...once, signal: controller.signal, use: [abortLeftovers()] }))
    await idle()
    controller.abort('gone')
    expect(await cut).toEqual(['rejected', 'gone'])
    for (const use of [[abortLeftovers(), timeout(50)], [timeout(50), abortLeftovers()]]) {
      const [, error] = await time.until(settled(retry(taken(hang), { ...once, use })))
      expect(error).toBeInstanceOf(TimeoutError)
      expect(attempts.at(-1)!.signal.reason).toBe(error)
    }
    expect(attempts[0]!.signal.reason).toBe('gone')
    undo()
  })

  test('makes no AbortController where nobody reads the signal, and needs no clock', async () => {
    const made = vi.spyOn(globalThis, 'AbortController')
    await settled(retry(() => Promise.reject(new Error('down')), { wait: 0, use: [abortLeftovers()] }))
    expect(made).not.toHaveBeenCalled()
    made.mockRestore()
    expect(abortLeftovers().timeless).toBe(true)
  })
})
