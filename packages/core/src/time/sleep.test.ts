import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { settled } from '../../test/promises.ts'
import { idle, type VirtualTime, virtualTime } from '../../test/time.ts'
import { override } from '../seams/override.ts'
import { retry } from '../shells/retry.ts'
import { sleep, sleepBlocking, sleepUsingEvent } from './sleep.ts'
import type { Undo } from '../types.ts'

let undo: Undo | undefined
afterEach(() => {
  undo?.()
  vi.unstubAllGlobals()
})
const virtual = (): VirtualTime => {
  const time = virtualTime(0)
  undo = override({ clock: time })
  return time
}

describe('sleep', () => {
  test.each([0, 1, 0.5, 2 ** 31, 1e12])('lets %d ms pass', async (ms) => {
    const time = virtual()
    await time.until(sleep(ms))
    expect(time.now()).toBe(ms)
  })

  test('rejects at once with the identical reason, leaving no timer and no listener', async () => {
    const time = virtual()
    const controller = new AbortController()
    const end = settled(sleep(1_000, controller.signal))
    await time.pass(10)
    const reason = { why: 'because' }
    controller.abort(reason)
    expect((await end)[1]).toBe(reason)
    expect(time.pending).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(await settled(sleep(1_000, controller.signal))).toEqual(['rejected', reason])
    expect(time.pending).toBe(0)
  })

  test('leaves no listener after it has slept', async () => {
    const time = virtual()
    const { signal } = new AbortController()
    await time.until(sleep(10, signal))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test.each<[string, unknown, string]>([
    ['a controller', new AbortController(), 'object AbortController'],
    ['options', { signal: new AbortController().signal }, 'object Object'],
    ['a number', 5, '5'],
    ['a string', 'abort', '"abort"'],
    ['an event', new EventTarget(), 'object EventTarget'],
  ])('F-32 refuses %s in place of a signal at once', async (_, signal, shown) => {
    const time = virtual()
    const message = `signal must be an AbortSignal (of a controller, its signal); got ${shown}`
    await expect(sleep(1_000, signal as never)).rejects.toThrow(message)
    await expect(sleepUsingEvent(new EventTarget())(1_000, signal as never)).rejects.toThrow(message)
    await expect(sleepUsingEvent({ wait: () => {} })(1_000, signal as never)).rejects.toThrow(message)
    expect(time.pending).toBe(0)
  })

  test.each([NaN, -1, '5', null, undefined])('refuses %s', async (ms) => {
    await expect(sleep(ms as number)).rejects.toThrow(/^ms must be a number of 0 or more; got /)
  })
})

describe('sleepUsingEvent', () => {
  test('wakes up early when an AbortSignal fires, and then does not wait any more', async () => {
    const time = virtual()
    const controller = new AbortController()
    const nap = sleepUsingEvent(controller.signal)
    const end = settled(nap(1_000))
    await time.pass(10)
    controller.abort()
    expect(await end).toEqual(['resolved', undefined])
    expect([time.now(), time.pending]).toEqual([10, 0])
    expect(await settled(nap(1_000))).toEqual(['resolved', undefined])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('wakes up on an event of its name, and only on that', async () => {
    const time = virtual()
    const target = new EventTarget()
    const end = settled(sleepUsingEvent(target, 'online')(1_000))
    await time.pass(10)
    target.dispatchEvent(new Event('abort'))
    await time.pass(10)
    target.dispatchEvent(new Event('online'))
    expect(await end).toEqual(['resolved', undefined])
    expect(time.now()).toBe(20)
    expect(getEventListeners(target, 'online')).toEqual([])
  })

  test('sleeps the whole time when nothing happens', async () => {
    const time = virtual()
    await time.until(sleepUsingEvent(new EventTarget(), 'online')(1_000))
    expect(time.now()).toBe(1_000)
  })

  test('an abort of the call rejects', async () => {
    const time = virtual()
    const controller = new AbortController()
    const end = settled(sleepUsingEvent(new EventTarget())(1_000, controller.signal))
    await time.pass(10)
    controller.abort('call')
    expect(await end).toEqual(['rejected', 'call'])
    expect(await settled(sleepUsingEvent(new EventTarget())(1_000, controller.signal))).toEqual(['rejected', 'call'])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('uses the wait of whatever has one, and hands on what it throws', async () => {
    const wait = vi.fn(async () => true)
    expect(await sleepUsingEvent({ wait })(50)).toBe(undefined)
    expect(wait).toHaveBeenCalledExactlyOnceWith(50)
    await expect(sleepUsingEvent({ wait: () => { throw new Error('no') } })(5)).rejects.toThrow('no')
  })

  test('an abort of the call ends the wait of an own event, and leaves no listener', async () => {
    const controller = new AbortController()
    const wait = vi.fn(() => new Promise<never>(() => {}))
    const end = settled(sleepUsingEvent({ wait })(50, controller.signal))
    const reason = { why: 'because' }
    controller.abort(reason)
    expect((await end)[1]).toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(await settled(sleepUsingEvent({ wait })(50, controller.signal))).toEqual(['rejected', reason])
    expect(wait).toHaveBeenCalledTimes(1)
  })

  test.each<[string, () => unknown, string]>([
    ['resolves', async () => true, 'resolved'],
    ['rejects', async () => { throw new Error('no') }, 'rejected'],
    ['throws', () => { throw new Error('no') }, 'rejected'],
    ['answers at once', () => true, 'resolved'],
  ])('no listener is left when the wait of an own event %s', async (_, wait, how) => {
    const { signal } = new AbortController()
    expect((await settled(sleepUsingEvent({ wait })(50, signal)))[0]).toBe(how)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('calls the wait and the listeners of an own event on the event itself', async () => {
    class Own {
      readonly calls: unknown[] = []
      wait(ms: number): void {
        this.calls.push(ms)
      }
    }
    const own = new Own()
    await sleepUsingEvent(own)(50)
    expect(own.calls).toEqual([50])
    const time = virtual()
    class Emitter extends EventTarget {
      readonly #on = new Set<unknown>()
      get on(): number {
        return this.#on.size
      }
      override addEventListener(type: string, listener: EventListener): void {
        this.#on.add(listener)
        super.addEventListener(type, listener)
      }
      override removeEventListener(type: string, listener: EventListener): void {
        this.#on.delete(listener)
        super.removeEventListener(type, listener)
      }
    }
    const emitter = new Emitter()
    const end = settled(sleepUsingEvent(emitter, 'up')(1_000))
    await idle()
    expect(emitter.on).toBe(1)
    emitter.dispatchEvent(new Event('up'))
    expect(await end).toEqual(['resolved', undefined])
    expect([emitter.on, time.pending]).toEqual([0, 0])
  })

  test('a wait that is no function does not hide an EventTarget', async () => {
    const time = virtual()
    await time.until(sleepUsingEvent(Object.assign(new EventTarget(), { wait: 5 }) as never, 'up')(100))
    expect(time.now()).toBe(100)
  })

  test('refuses a time that is none', async () => {
    const { signal } = new AbortController()
    const target = new EventTarget()
    await expect(sleepUsingEvent(target, 'up')(NaN, signal)).rejects.toThrow(RangeError)
    expect([...getEventListeners(signal, 'abort'), ...getEventListeners(target, 'up')]).toEqual([])
  })

  test('as the sleep of a call', async () => {
    const time = virtual()
    const target = new EventTarget()
    let runs = 0
    const promise = retry(() => {
      if (++runs < 3) throw new Error('down')
      return time.now()
    }, { wait: 1_000, jitter: null, sleep: sleepUsingEvent(target, 'online') })
    await time.pass(100)
    target.dispatchEvent(new Event('online'))
    await idle()
    expect(await time.until(promise)).toBe(1_100)
  })

  test.each([undefined, null, 5, 'x', {}, { wait: 5 }, { addEventListener: () => {} }, () => {}])('refuses %s', (event) => {
    expect(() => sleepUsingEvent(event as never)).toThrow(/^event must be an AbortSignal, an EventTarget or something with wait\(ms\); got /)
  })
})

describe('sleepBlocking', () => {
  test('blocks the thread for real', () => {
    const began = performance.now()
    sleepBlocking(15)
    expect(performance.now() - began).toBeGreaterThan(10)
    sleepBlocking(0)
  })

  test('blocks long times in chunks', () => {
    const wait = vi.spyOn(Atomics, 'wait').mockReturnValue('timed-out')
    sleepBlocking(2 ** 32)
    expect(wait.mock.calls.map(([, , , ms]) => ms)).toEqual([2 ** 31 - 1, 2 ** 31 - 1, 2])
    wait.mockRestore()
  })

  test('says what to do where blocking is not allowed', () => {
    vi.stubGlobal('SharedArrayBuffer', undefined)
    expect(() => sleepBlocking(5)).toThrow(/blocking is not allowed on this thread: give the option sleep, or use the async form/)
  })
})
