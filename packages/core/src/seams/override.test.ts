import { afterEach, describe, expect, test, vi } from 'vitest'
import { virtualTime } from '../../test/time.ts'
import { disable, enable, override } from './override.ts'
import { retry } from '../shells/retry.ts'
import { retrySync } from '../shells/retry-sync.ts'
import { random } from '../jitter/draw.ts'
import { clock } from '../time/clock.ts'
import type { Options, Undo } from '../types.ts'
import { use } from './use.ts'

const undos: Undo[] = []
const keep = (undo: Undo): Undo => (undos.push(undo), undo)
afterEach(() => undos.splice(0).forEach((undo) => undo()))

const runs = (options: Options = {}): number => {
  let runs = 0
  try {
    retrySync(() => {
      runs++
      throw new Error('down')
    }, { sleep: () => {}, ...options })
  } catch {}
  return runs
}

describe('override', () => {
  test('forces options onto every call, until it is undone', () => {
    const undo = keep(override({ maxTries: 5 }))
    expect([runs(), runs({ maxTries: 2 })]).toEqual([5, 5])
    undo()
    expect([runs(), runs({ maxTries: 2 })]).toEqual([3, 2])
  })

  test('a function is asked with the options at hand, and may have nothing to say', () => {
    const ask = vi.fn((options: Options) => (options.name === 'limit' ? { maxTries: Math.min(2, options.maxTries as number) } : undefined))
    keep(override(ask))
    expect([runs({ name: 'limit', maxTries: 9 }), runs({ name: 'limit', maxTries: 1 }), runs({ maxTries: 4 })]).toEqual([2, 1, 4])
  })

  test('undefined leaves an option as it is', () => {
    keep(override({ maxTries: undefined }))
    expect(runs({ maxTries: 2 })).toBe(2)
  })

  test('the latest has the last word, and a function sees what those before it forced', () => {
    keep(override({ maxTries: 7 }))
    keep(override(({ maxTries }) => ({ maxTries: (maxTries as number) - 1 })))
    expect(runs()).toBe(6)
    keep(override({ maxTries: 2 }))
    expect(runs()).toBe(2)
  })

  test('undone in any order, twice, or by using', () => {
    const [a, b, c] = [override({ maxTries: 4 }), override({ maxTries: 5 }), override({ maxTries: 6 })] as const
    b()
    expect(runs()).toBe(6)
    c()
    c()
    expect(runs()).toBe(4)
    {
      using _ = override({ maxTries: 8 })
      expect(runs()).toBe(8)
    }
    expect(runs()).toBe(4)
    a()
    expect(runs()).toBe(3)
  })

  test('the same function forced twice is undone once each', () => {
    const more = ({ maxTries = 3 }: Options) => ({ maxTries: (maxTries as number) + 1 })
    const [a, b] = [keep(override(more)), keep(override(more))] as const
    expect(runs()).toBe(5)
    a()
    expect(runs()).toBe(4)
    b()
    expect(runs()).toBe(3)
  })

  test('a call that has begun keeps what it began with', async () => {
    let count = 0
    const promise = retry(() => {
      if (++count < 2) keep(override({ maxTries: 1 }))
      throw new Error('down')
    }, { wait: 0 }).catch(() => {})
    await promise
    expect(count).toBe(3)
  })

  test('time and randomness come from it, for everyone who asks', () => {
    const time = virtualTime(5)
    const undo = keep(override({ clock: time, random: () => 0.25 }))
    expect([clock(), random()]).toEqual([time, 0.25])
    keep(override(() => ({ random: () => 0.75 })))
    expect([clock(), random()]).toEqual([time, 0.75])
    undo()
    expect(clock()).not.toBe(time)
    expect(random()).toBe(0.75)
  })

  test('the real clock is monotonic and looks its timers up at each call', () => {
    expect(clock().now()).toBeLessThanOrEqual(clock().now())
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const [fired, cleared] = [vi.fn(), vi.fn()]
    clock().setTimeout(fired, 5)
    clock().clearTimeout(clock().setTimeout(cleared, 5))
    clock().clearTimeout(undefined)
    vi.advanceTimersByTime(5)
    vi.useRealTimers()
    expect([fired.mock.calls.length, cleared.mock.calls.length]).toEqual([1, 0])
    expect(random()).toBeLessThan(1)
  })

  test('what it forces is checked at the call', async () => {
    keep(override({ maxTries: 0 }))
    await expect(retry(() => 1)).rejects.toThrow(/^maxTries must be/)
  })

  test.each([undefined, null, 5, 'x', true])('refuses %s', (forced) => {
    expect(() => override(forced as never)).toThrow(/^override must be options or a function; got /)
  })
})

describe('disable and enable', () => {
  test('every call runs once, with nothing around it', async () => {
    keep(disable())
    const onAttempt = vi.fn()
    keep(use({ onAttempt }))
    expect(runs({ maxTries: 9, onAttempt, use: [{ onAttempt }] })).toBe(1)
    expect(onAttempt).not.toHaveBeenCalled()
    await expect(retry(() => 1, { signal: AbortSignal.abort('no') })).rejects.toBe('no')
  })

  test('are counted, and undone in any order', () => {
    const [a, b] = [keep(disable()), keep(disable())] as const
    enable()
    expect(runs()).toBe(1)
    enable()
    expect(runs()).toBe(3)
    enable()
    expect(runs()).toBe(3)
    a()
    b()
    expect(runs()).toBe(3)
    const c = keep(disable())
    keep(disable())
    c()
    c()
    expect(runs()).toBe(1)
    enable()
    expect(runs()).toBe(3)
  })

  test('enabled: true of a call does not outrank it', () => {
    using _ = disable()
    expect(runs({ enabled: true })).toBe(1)
  })
})

describe('use', () => {
  test('joins every call until it is undone, in any order, twice over if given twice', () => {
    const [a, b] = [vi.fn(), vi.fn()]
    const plugin = { onAttempt: a }
    const undoA = keep(use(plugin))
    const undoB = keep(use({ onAttempt: b }))
    const undoAgain = keep(use(plugin))
    runs({ maxTries: 1 })
    expect([a.mock.calls.length, b.mock.calls.length]).toEqual([2, 1])
    undoA()
    undoA()
    runs({ maxTries: 1 })
    expect([a.mock.calls.length, b.mock.calls.length]).toEqual([3, 2])
    undoB()
    undoAgain()
    runs({ maxTries: 1 })
    expect([a.mock.calls.length, b.mock.calls.length]).toEqual([3, 2])
    {
      using _ = use({ onAttempt: b })
      runs({ maxTries: 1 })
    }
    runs({ maxTries: 1 })
    expect(b).toHaveBeenCalledTimes(3)
  })

  test('may be used while a call runs: that call stays as it is', () => {
    const onAttempt = vi.fn()
    const all = runs({ onAttempt: [() => void keep(use({ onAttempt }))] })
    expect([all, onAttempt.mock.calls.length]).toEqual([3, 0])
  })

  test.each([undefined, null, 5, 'x', () => {}])('refuses %s', (plugin) => {
    expect(() => use(plugin as never)).toThrow(/^plugin must be an object; got /)
  })
})
