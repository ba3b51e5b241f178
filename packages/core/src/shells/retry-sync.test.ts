import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { idle, virtualTime } from '../../test/time.ts'
import { override } from '../seams/override.ts'
import { retrySync } from './retry-sync.ts'
import type { Options, Undo } from '../types.ts'

let undo: Undo | undefined
afterEach(() => {
  undo?.()
  vi.unstubAllGlobals()
})
const fail = (): never => {
  throw new Error('down')
}

describe('retrySync', () => {
  test('returns the value, and gives the operation its attempt', () => {
    expect(retrySync((attempt) => (attempt.tries < 3 ? fail() : [attempt.tries, attempt.signal.aborted]), { wait: 0 })).toEqual([3, false])
  })

  test('blocks between attempts, for real', () => {
    const began = performance.now()
    expect(() => retrySync(fail, { wait: 10, jitter: null })).toThrow('down')
    expect(performance.now() - began).toBeGreaterThan(15)
  })

  test('lets a forced clock pass the time', () => {
    const time = virtualTime(0)
    undo = override({ clock: time })
    expect(() => retrySync(fail, { wait: 60_000, jitter: null })).toThrow('down')
    expect(time.now()).toBe(120_000)
  })

  test('blocks for real where the forced clock cannot', () => {
    undo = override({ clock: { ...virtualTime(0), block: undefined as never } })
    expect(() => retrySync(fail, { wait: 1 })).toThrow('down')
  })

  test('says so where blocking is not allowed, and a sleep of one\'s own helps', () => {
    vi.stubGlobal('SharedArrayBuffer', undefined)
    expect(() => retrySync(fail, { wait: 5 })).toThrow(/blocking is not allowed on this thread: give the option sleep/)
    expect(() => retrySync(fail, { wait: 5, sleep: () => {} })).toThrow('down')
    expect(() => retrySync(fail, { wait: 0 })).toThrow('down')
  })

  const promises: [string, () => unknown, Options][] = [
    ['operation', async () => 1, {}],
    ['operation', () => Promise.reject(new Error('late')), {}],
    ['operation', () => ({ then: () => {} }), {}],
    ['sleep', fail, { wait: 1, sleep: async () => {} }],
    ['sleep', fail, { wait: 1, sleep: () => Promise.reject(new Error('late')) }],
    ['handler', () => 1, { before: async () => {} }],
    ['handler', () => 1, { onSuccess: () => Promise.reject(new Error('late')) }],
    ['handler', fail, { maxTries: 1, retryErrorCallback: async () => 1 }],
  ]
  test.each(promises)('a promise of the %s is a TypeError, at once, and none is unhandled', async (who, operation, options) => {
    const told = vi.fn()
    expect(() => retrySync(operation as () => number, { ...options, use: [{ onSuccess: told, onGiveup: told, onAbort: told }] })).toThrow(new RegExp(`^(the|a)? ?${who} returned a promise in a synchronous call: use the async form`))
    expect(told).toHaveBeenCalledTimes(1)
    await idle()
  })

  test('maxTime is looked at between attempts', () => {
    const time = virtualTime(0)
    undo = override({ clock: time })
    const operation = vi.fn(() => (time.block(300), fail()))
    expect(() => retrySync(operation, { wait: 100, jitter: null, maxTime: 500 })).toThrow('down')
    expect(operation).toHaveBeenCalledTimes(2)
  })

  test('an operation that aborts the call has had its say: nothing is asked about its outcome', () => {
    const controller = new AbortController()
    const condition = vi.fn(() => false)
    expect(() => retrySync(() => (controller.abort(new Error('stop')), 1), { signal: controller.signal, condition })).toThrow('stop')
    expect(condition).not.toHaveBeenCalled()
  })

  test('leaves no listener, however it ends', () => {
    const { signal } = new AbortController()
    retrySync(() => 1, { signal })
    expect(() => retrySync(fail, { signal, wait: 0 })).toThrow('down')
    expect(() => retrySync(fail, { signal, after: fail })).toThrow('down')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('bad options throw', () => {
    expect(() => retrySync(() => 1, { maxTries: 0 })).toThrow(RangeError)
  })
})
