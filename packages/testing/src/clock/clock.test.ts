import { clock as coreClock, retry, sleep, TimeoutError } from '@backon/core'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { virtualClock } from './clock.ts'
import { flaky } from '../faults/faults.ts'
import type * as Turn from './turn.ts'
import { realSleep } from './turn.ts'

// F-61: no real time is one in which nobody has really slept.
vi.mock('./turn.ts', async (original) => {
  const turn = await original<typeof Turn>()
  return { ...turn, realSleep: vi.fn(turn.realSleep) }
})
beforeEach(() => vi.mocked(realSleep).mockClear())

const never = (): Promise<never> => new Promise(() => {})

describe('virtualClock().run', () => {
  it('RT-37 sleeps an hour in no real time', async () => {
    const clock = virtualClock()
    expect(await clock.run(() => retry(flaky({ failures: 3600 }), { wait: 1_000, jitter: null, maxTries: 3601 }))).toBe('ok')
    expect(clock.now()).toBe(3_600_000)
    expect(clock.pending).toBe(0)
    expect(realSleep).not.toHaveBeenCalled()
  })

  it('lets timers happen in the order they are due, then in the order they were set', async () => {
    const seen: string[] = []
    const at = async (ms: number, name: string): Promise<void> => {
      await sleep(ms)
      seen.push(`${name}@${coreClock().now()}`)
    }
    await virtualClock().run(() => Promise.all([at(20, 'c'), at(10, 'a'), at(10, 'b'), at(0, 'z'), at(20, 'd')]))
    expect(seen).toEqual(['z@0', 'a@10', 'b@10', 'c@20', 'd@20'])
  })

  it('finishes all that one timer has set off before the next one happens', async () => {
    const seen: string[] = []
    await virtualClock().run(async () => {
      const first = sleep(10).then(async () => {
        for (let i = 0; i < 50; i++) await Promise.resolve()
        await new Promise((resolve) => setImmediate(resolve))
        seen.push('first')
      })
      await Promise.all([first, sleep(10.5).then(() => seen.push('second'))])
    })
    expect(seen).toEqual(['first', 'second'])
  })

  it('RT-10 drives maxTime', async () => {
    const clock = virtualClock({ now: 5 })
    await expect(clock.run(() => retry(never, { maxTime: 60_000 }))).rejects.toThrow(TimeoutError)
    expect(clock.now()).toBe(60_005)
  })

  it('RT-05 drives waits beyond what a timer can hold', async () => {
    const clock = virtualClock()
    await clock.run(() => sleep(1e12))
    expect(clock.now()).toBe(1e12)
  })

  it('RT-36 keeps two clocks apart that run at the same time', async () => {
    const run = async (ms: number): Promise<number[]> => {
      const clock = virtualClock()
      await clock.run(async () => {
        for (let i = 0; i < 20; i++) await sleep(ms)
        expect(coreClock().now()).toBe(20 * ms)
      })
      return [clock.now()]
    }
    expect(await Promise.all([run(1), run(1_000)])).toEqual([[20], [20_000]])
  })

  it('leaves code outside of it on the real clock', async () => {
    const clock = virtualClock({ now: 1e9 })
    const running = clock.run(() => sleep(1_000))
    expect(coreClock()).not.toBe(clock)
    await running
    expect(coreClock()).not.toBe(clock)
  })

  it('lets an inner clock have the say, and the outer one stands still meanwhile', async () => {
    const outer = virtualClock()
    await outer.run(async () => {
      const inner = virtualClock()
      await inner.run(() => sleep(500))
      expect(inner.now()).toBe(500)
      await sleep(1)
    })
    expect(outer.now()).toBe(1)
  })

  it('says who is waiting when nothing can ever happen', async () => {
    const fetchUser = (): Promise<never> => never()
    let runs = 0
    const clock = virtualClock({ patience: 20 })
    const run = clock.run(() => retry(() => (runs++ ? fetchUser() : Promise.reject(new Error('first'))), { wait: 100, jitter: null, name: 'fetchUser' }))
    await expect(run).rejects.toThrow('deadlock at 100 ms: nothing is due and nothing is running, but still waiting: fetchUser, attempt 2')
  })

  it('does not name a call that has ended', async () => {
    const clock = virtualClock({ patience: 20 })
    const run = clock.run(async () => {
      await retry(() => 1, { name: 'good' })
      await retry(flaky(), { name: 'bad', maxTries: 1 }).catch(() => {})
      const cut = new AbortController()
      const aborted = retry(never, { name: 'cut', signal: cut.signal }).catch(() => {})
      cut.abort()
      await aborted
      await retry(never, { name: 'open' })
    })
    await expect(run).rejects.toThrow(/still waiting: open, attempt 1$/)
  })

  it('says so when nothing can ever happen outside of any call', async () => {
    await expect(virtualClock({ patience: 20 }).run(never)).rejects.toThrow('still waiting: the function given to run(), outside of any call')
    expect(realSleep).toHaveBeenCalledTimes(20)
  })

  it('says who sleeps for ever', async () => {
    await expect(virtualClock().run(() => retry(flaky(), { wait: 1e16, jitter: null, name: 'doze' }))).rejects.toThrow(
      /reached \d+ ms, and this sleeps on: doze, attempt 1 and the wait of 10000000000000000 ms after it/,
    )
  })

  it('waits for a real timer of the function when nothing is due', async () => {
    expect(await virtualClock().run(() => new Promise((resolve) => setTimeout(resolve, 20, 'real')))).toBe('real')
  })

  it('stands still while something real is under way', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      const timeout = sleep(1)
      await clock.real(() => new Promise((resolve) => setTimeout(resolve, 30)))
      expect(clock.now()).toBe(0)
      await timeout
    })
    expect(clock.now()).toBe(1)
  })

  it('rejects with what the function throws, and what a timer throws', async () => {
    const error = new Error('mine')
    await expect(virtualClock().run(() => { throw error })).rejects.toBe(error)
    const timer = virtualClock().run(async () => {
      coreClock().setTimeout(() => { throw error }, 5)
      await never()
    })
    await expect(timer).rejects.toBe(error)
  })

  it('cannot run twice at once', async () => {
    const clock = virtualClock()
    await clock.run(() => expect(clock.run(() => 1)).rejects.toThrow('this virtual clock is running already'))
    expect(await clock.run(() => 2)).toBe(2)
  })

  it('gives a wait of that length for advance()', async () => {
    const clock = virtualClock()
    const seen: number[] = []
    await clock.run(async () => {
      void sleep(30).then(() => seen.push(clock.now()))
      void sleep(50).then(() => seen.push(clock.now()))
      await clock.advance(30)
      expect(seen).toEqual([30])
      expect(clock.pending).toBe(1)
    })
  })

  it('lets everything that is due by then happen before advance() is over, also what was set later', async () => {
    const clock = virtualClock()
    await clock.run(async () => {
      let late = false
      const moved = clock.advance(30)
      void sleep(30).then(() => (late = true))
      await moved
      expect(late).toBe(true)
    })
  })
})

describe('virtualClock() by hand', () => {
  it('moves only as far as it is told', async () => {
    const clock = virtualClock()
    const undo = clock.install()
    try {
      const seen: number[] = []
      const waiting = retry(flaky({ failures: 2 }), { wait: 1_000, jitter: null, onBackoff: () => void seen.push(clock.now()) })
      await clock.advance(999)
      expect([seen, clock.pending]).toEqual([[0], 1])
      await clock.advance(1)
      expect(seen).toEqual([0, 1_000])
      await clock.advance(5_000)
      expect([await waiting, clock.now(), clock.pending]).toEqual(['ok', 6_000, 0])
    } finally {
      undo()
    }
    expect(coreClock()).not.toBe(clock)
  })

  it('cannot be installed beside another one', () => {
    const undo = virtualClock().install()
    try {
      expect(() => virtualClock().install()).toThrow('another virtual clock is installed')
    } finally {
      undo()
    }
    virtualClock().install()()
  })

  it('makes one move after the other, awaited or not', async () => {
    const clock = virtualClock()
    using _ = clock.install()
    const seen: number[] = []
    void sleep(12).then(() => seen.push(clock.now()))
    const first = clock.advance(10)
    await clock.advance(5)
    await first
    expect([seen, clock.now()]).toEqual([[12], 15])
  })

  it('leaves a clock that runs beside it alone, whichever came first', async () => {
    const [installed, running] = [virtualClock({ now: 1 }), virtualClock({ now: 2 })]
    await running.run(() => {
      using _ = installed.install()
      expect(coreClock().now()).toBe(2)
    })
    using _ = installed.install()
    expect(coreClock().now()).toBe(1)
    await running.run(() => expect(coreClock().now()).toBe(2))
  })

  it('refuses to go back', async () => {
    await expect(virtualClock().advance(-1)).rejects.toThrow('ms must be a number of 0 or more; got -1')
    expect(() => virtualClock({ patience: Number.NaN })).toThrow('patience must be a number of 0 or more; got NaN')
  })
})
