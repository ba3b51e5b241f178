import { afterEach, expect, test } from 'vitest'
import { hang } from '../../test/promises.ts'
import { idle, type VirtualTime, virtualTime } from '../../test/time.ts'
import { TimeoutError } from '../errors.ts'
import { fork } from '../engine/attempt.ts'
import { override } from '../seams/override.ts'
import { retrySync } from '../shells/retry-sync.ts'
import { retry } from '../shells/retry.ts'
import { timeout } from './timeout.ts'
import type { Attempt, Plugin, Undo } from '../types.ts'

let undo: Undo | undefined
afterEach(() => undo?.())
const virtual = (): VirtualTime => {
  const time = virtualTime(0)
  undo = override({ clock: time })
  return time
}
const settled = async (promise: Promise<unknown>): Promise<unknown> => promise.then((value) => value, (error) => error)

test('fails an attempt that takes too long, and says how long that was', async () => {
  const time = virtual()
  const error = await time.until(settled(retry(hang, { maxTries: 1, use: [timeout(50)] })))
  expect(error).toBeInstanceOf(TimeoutError)
  expect(error).toMatchObject({ name: 'TimeoutError', message: 'attempt 1 of hang took longer than 50 ms' })
  expect(time.now()).toBe(50)
})

test.each([['value', () => 'ok', 'ok'], ['promise', async () => 'ok', 'ok'], ['thenable', () => ({ then: (resolve: any) => resolve('ok') }), 'ok'], ['rejection', () => Promise.reject(5), 5], ['throw', () => { throw 5 }, 5]])(
  'lets a %s through and leaves no timer',
  async (_, operation, outcome) => {
    const time = virtual()
    expect(await settled(retry(operation as () => any, { maxTries: 1, use: [timeout(50)] }))).toBe(outcome)
    expect(time.pending).toBe(0)
  },
)

test('retries after a timeout, and may succeed', async () => {
  const time = virtual()
  const result = await time.until(retry(({ tries }) => (tries < 3 ? hang() : 'ok'), { wait: 0, use: [timeout(50)] }))
  expect([result, time.now()]).toEqual(['ok', 100])
})

test('aborts the signal that the operation reads, before or after', async () => {
  const time = virtual()
  let attempt!: Attempt
  const error = await time.until(settled(retry((given) => (attempt = given, hang()), { maxTries: 1, use: [timeout(50)] })))
  expect(attempt.signal.reason).toBe(error)
  expect([attempt.aborted, attempt.reason]).toEqual([true, error])
})

test.each([[50, 1_000], [1_000, 50]])('of two, %d around %d ms, the shorter one acts, and the operation hears of it', async (outer, inner) => {
  const time = virtual()
  let attempt!: Attempt
  const error = await time.until(settled(retry((given) => (attempt = given, void given.signal, hang()), { maxTries: 1, use: [timeout(outer), timeout(inner)] })))
  expect(time.now()).toBe(50)
  expect(error).toBeInstanceOf(TimeoutError)
  expect(attempt.signal.reason).toBe(error)
  expect(time.pending).toBe(0)
})

test('an abort from outside reaches the operation through all timeouts', async () => {
  const time = virtual()
  const controller = new AbortController()
  let attempt!: Attempt
  const promise = settled(retry((given) => (attempt = given, void given.signal, hang()), { signal: controller.signal, use: [timeout(100), timeout(200), timeout(300)] }))
  await time.pass(10)
  controller.abort('mine')
  expect(await promise).toBe('mine')
  expect(attempt.signal.reason).toBe('mine')
  await idle()
  expect(time.pending).toBe(0)
})

test('what an operation or a plugin further inside hangs on the attempt still hears of it', async () => {
  const time = virtual()
  const heard: unknown[] = []
  const listener: Plugin = {
    wrap: (next) => (attempt) => {
      attempt.whenAborted((reason) => heard.push(reason))
      return next(attempt)
    },
  }
  const error = await time.until(settled(retry(hang, { maxTries: 1, use: [timeout(50), listener] })))
  expect(heard).toEqual([error])
})

test('arms nothing for an attempt that was aborted while its operation began', async () => {
  const time = virtual()
  const controller = new AbortController()
  const own: Plugin = { wrap: (next) => (attempt) => next(fork(attempt)) }
  const promise = settled(retry(() => {
    controller.abort('early')
    return hang()
  }, { signal: controller.signal, use: [own, timeout(50)] }))
  expect(await promise).toBe('early')
  await idle()
  expect(time.pending).toBe(0)
})

test('does not bound a synchronous operation', () => {
  const time = virtual()
  expect(retrySync(() => {
    time.block(1_000)
    return 'ok'
  }, { use: [timeout(50)] })).toBe('ok')
})

test('a timeout of 0 fails whatever does not answer at once', async () => {
  const time = virtual()
  expect(await time.until(settled(retry(async () => 'ok', { use: [timeout(0)] })))).toBe('ok')
  expect(await time.until(settled(retry(hang, { maxTries: 1, use: [timeout(0)] })))).toBeInstanceOf(TimeoutError)
})

test.each([NaN, -1, '5', null, undefined, {}])('refuses %s', (ms) => {
  expect(() => timeout(ms as number)).toThrow(/timeout must be a number of 0 or more; got /)
})
