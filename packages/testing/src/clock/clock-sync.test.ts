import { clock as coreClock, onExceptionSync, retry, Retrying, retryingCallerSync, retrySync, sleep } from '@backon/core'
import { describe, expect, it } from 'vitest'
import { virtualClock } from './clock.ts'
import { flaky } from '../faults/faults.ts'

const options = { wait: 1_000, jitter: null, maxTries: 4 }
const fails = (): never => {
  throw new Error('down')
}

const entries: [string, () => unknown][] = [
  ['retrySync', () => retrySync(flaky({ failures: 3 }), options)],
  ['Retrying.callSync', () => new Retrying(options).callSync(flaky({ failures: 3 }))],
  ['for of Retrying', () => {
    const operation = flaky({ failures: 3 })
    for (const attempt of new Retrying(options)) attempt.run(operation)
    return 'ok'
  }],
  ['retryingCallerSync', () => retryingCallerSync(options)(flaky({ failures: 3 }))],
]

describe('F-34 synchronous calls on a virtual clock', () => {
  it.each(entries)('%s passes virtual time instead of blocking', async (_, run) => {
    const clock = virtualClock()
    expect(await clock.run(run as () => unknown)).toBe('ok')
    expect([clock.now(), clock.pending]).toEqual([3_000, 0])
  })

  it('a synchronous decorator does too', async () => {
    const clock = virtualClock()
    expect(await clock.run(() => onExceptionSync(1_000, Error, { jitter: null, maxTries: 4 })(flaky({ failures: 3 }) as () => string)())).toBe('ok')
    expect(clock.now()).toBe(3_000)
  })

  it('a bound on the time ends', async () => {
    const clock = virtualClock()
    let runs = 0
    await expect(clock.run(() => retrySync(() => (runs++, fails()), { wait: 1, jitter: null, maxTime: 20 }))).rejects.toThrow('down')
    expect([runs, clock.now()]).toEqual([20, 19])
  })

  it('makes timers that were due meanwhile late, as a blocked thread does, and never turns back', async () => {
    const clock = virtualClock()
    const seen: [string, number][] = []
    await clock.run(async () => {
      const timers = [500, 100, 3_500].map((ms) => sleep(ms).then(() => seen.push([`due ${ms}`, coreClock().now()])))
      retrySync(flaky({ failures: 3 }), options)
      seen.push(['call', coreClock().now()])
      await Promise.all(timers)
    })
    expect(seen).toEqual([['call', 3_000], ['due 100', 3_000], ['due 500', 3_000], ['due 3500', 3_500]])
  })

  it('a run inside another passes time on its own clock alone', async () => {
    const [outer, inner] = [virtualClock(), virtualClock()]
    await outer.run(async () => {
      await inner.run(() => retrySync(flaky({ failures: 3 }), options))
      retrySync(flaky(), { wait: 7, jitter: null })
    })
    expect([outer.now(), inner.now()]).toEqual([7, 3_000])
  })

  it('an installed clock passes too: nobody could move it while the call blocks', () => {
    const clock = virtualClock()
    using _ = clock.install()
    retrySync(flaky({ failures: 3 }), options)
    expect(clock.now()).toBe(3_000)
  })

  it('a move by hand is not turned back by a call that blocks on the way', async () => {
    const clock = virtualClock()
    using _ = clock.install()
    void sleep(10).then(() => retrySync(flaky({ failures: 3 }), options))
    await clock.advance(500)
    expect(clock.now()).toBe(3_010)
  })

  it('waits of nothing until some time has passed are told, instead of going on for ever', async () => {
    await expect(virtualClock().run(() => retrySync(fails, { wait: 0, maxTime: 20 }))).rejects.toThrow(
      /^the clock stands at 0 ms while a synchronous call waits 0 ms again and again: time passes only in waits/,
    )
  })

  it('so are those of an asynchronous call, with its name', async () => {
    await expect(virtualClock().run(() => retry(fails, { wait: 0, maxTime: 20, name: 'poll' }))).rejects.toThrow(
      /^the clock stands at 0 ms while timers of 0 ms follow each other: time passes only in waits.* still waiting: poll, attempt \d+/,
    )
  })

  it('so are those outside of any call', async () => {
    const forever = async (): Promise<void> => {
      for (;;) await sleep(0)
    }
    await expect(virtualClock().run(forever)).rejects.toThrow(/^the clock stands at 0 ms while timers of 0 ms follow each other/)
  })
})

it('thousands that wait for the same moment are no endless loop', async () => {
  const clock = virtualClock()
  await clock.run(() => Promise.all(Array.from({ length: 12_000 }, () => sleep(5))))
  expect(clock.now()).toBe(5)
})
