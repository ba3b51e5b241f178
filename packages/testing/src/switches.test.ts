import { disable, expo, fullJitter, type Options, type Override, override, retry, retryAfter, sleep, type Wait, waitChain, waitRandom, waitSum } from '@backon/core'
import { describe, expect, it } from 'vitest'
import { virtualClock } from './clock/clock.ts'
import { flaky } from './faults/faults.ts'
import { seededRandom } from './random.ts'
import { disableRetries, enableRetries, limitRetries, removeBackoff, testConfig } from './switches.ts'

/** How often a call that fails runs its operation. */
const tries = async (options: Options = {}): Promise<number> => {
  const operation = flaky({ failures: Infinity })
  await virtualClock().run(() => retry(operation, options).catch(() => {}))
  return operation.runs
}

/** The waits of a call that fails. */
const waits = async (options: Options = {}): Promise<(number | undefined)[]> => {
  const seen: (number | undefined)[] = []
  await virtualClock().run(() => retry(flaky({ failures: Infinity }), { maxTries: 4, ...options, onBackoff: ({ wait }) => seen.push(wait) }).catch(() => {}))
  return seen
}

const switches: [name: string, on: { (): Disposable & (() => void); (run: () => any): any }, tries: number][] = [
  ['disableRetries', disableRetries, 1],
  ['limitRetries', (run?: any): any => limitRetries(2, run), 2],
  ['testConfig', (run?: any): any => testConfig({ maxTries: 2 }, run), 2],
]

describe.each(switches)('%s', (_, on, during) => {
  it('holds until it is undone, once or twice', async () => {
    const undo = on()
    expect(await tries()).toBe(during)
    undo()
    undo()
    expect(await tries()).toBe(3)
  })

  it('is disposable', async () => {
    {
      using _ = on()
      expect(await tries()).toBe(during)
    }
    expect(await tries()).toBe(3)
  })

  it('undoes itself after a function, and gives what that gave', async () => {
    expect(on(() => 'value')).toBe('value')
    expect(await tries()).toBe(3)
    expect(await on(() => tries())).toBe(during)
    expect(await tries()).toBe(3)
  })

  it('undoes itself after a throw and after a rejection', async () => {
    const error = new Error('mine')
    expect(() => on(() => { throw error })).toThrow(error)
    expect(await tries()).toBe(3)
    await expect(on(() => Promise.reject(error))).rejects.toBe(error)
    expect(await tries()).toBe(3)
  })

  it('concerns the function alone, whatever runs beside it', async () => {
    let inner
    const outside = on(async () => {
      await Promise.resolve()
      inner = await tries()
      return tries
    })
    expect(await tries()).toBe(3)
    await outside
    expect(inner).toBe(during)
  })
})

describe('switches together', () => {
  it('can be undone in any order', async () => {
    const off = disableRetries()
    const on = enableRetries()
    const limit = limitRetries(2)
    expect(await tries()).toBe(2)
    off()
    expect(await tries()).toBe(2)
    limit()
    expect(await tries()).toBe(3)
    on()
    expect(await tries()).toBe(3)
  })

  it('RT-36 are kept apart in two functions that run at the same time', async () => {
    const wait = async (): Promise<number> => {
      await sleep(1)
      return tries({ maxTries: 9 })
    }
    expect(await virtualClock().run(() => Promise.all([limitRetries(2, wait), limitRetries(5, wait), disableRetries(wait), wait()]))).toEqual([2, 5, 1, 9])
  })

  it('can be nested: the inner one has the last word', async () => {
    expect(await disableRetries(() => enableRetries(() => tries()))).toBe(3)
    expect(await enableRetries(() => disableRetries(() => tries()))).toBe(1)
  })
})

describe('enableRetries', () => {
  it('overrides disable() and the option', async () => {
    const off = disable()
    expect(await enableRetries(() => tries())).toBe(3)
    off()
    expect(await enableRetries(() => tries({ enabled: false }))).toBe(3)
  })
})

describe('limitRetries', () => {
  it.each([
    [{}, 5, 3],
    [{ maxTries: 2 }, 5, 2],
    [{ maxTries: 9 }, 5, 5],
    [{ maxTries: () => 9 }, 5, 5],
    [{ maxTries: () => 2 }, 5, 2],
    [{ maxTries: Infinity }, 5, 5],
    [{ stop: () => false }, 5, 5],
    [{ maxTime: 1e9 }, 5, 5],
    [{ maxTries: 9 }, Infinity, 9],
  ])('is a ceiling: %o under %s is %s tries', async (options: Options, n, expected) => {
    expect(await limitRetries(n, () => tries(options))).toBe(expected)
  })

  it.each([0, 0.5, -1, Number.NaN, '2'])('refuses %s', (n: any) => {
    expect(() => limitRetries(n)).toThrow('n must be an integer of 1 or more, or Infinity')
  })

  it('lets core refuse a limit that is none', async () => {
    await limitRetries(2, () => expect(retry(() => 1, { maxTries: -1 })).rejects.toThrow('maxTries must be an integer of 1 or more, or Infinity; got -1'))
    await limitRetries(2, () => expect(retry(() => 1, { maxTries: 'x' as any })).rejects.toThrow('maxTries must be an integer of 1 or more, or Infinity; got'))
  })
})

describe('removeBackoff', () => {
  const server = { error: Object.assign(new Error('busy'), { headers: { 'retry-after': '9' } }) }

  it.each<[string, Options, number]>([
    ['the default', {}, 3],
    ['a number', { wait: 500 }, 3],
    ['a list, which still ends', { wait: [1, 2] }, 2],
    ['a strategy that is jittered', { wait: expo(), jitter: (wait) => wait + 1 }, 3],
    ['a number from giveup', { giveup: () => 700 }, 3],
    ['the server', { wait: retryAfter() }, 3],
  ])('makes the waits 0: %s', async (_, options, count) => {
    expect(await removeBackoff(() => waits(options))).toEqual(Array.from({ length: count }, () => 0))
  })

  it('makes what the server asks for 0, unless that is too long', async () => {
    const operation = flaky({ failures: 2, ...server })
    expect(await removeBackoff(() => retry(operation, { wait: retryAfter() }))).toBe('ok')
    await expect(removeBackoff(() => retry(flaky(server), { wait: retryAfter({ max: 1_000 }) }))).rejects.toThrow('busy')
  })

  it('leaves it to giveup to give up', async () => {
    expect(await removeBackoff(() => tries({ giveup: () => true }))).toBe(1)
  })

  it('leaves it to core to refuse a strategy that computes nonsense', async () => {
    await removeBackoff(() => expect(retry(flaky(), { wait: () => -1 })).rejects.toThrow('wait must be a number of 0 or more; got -1'))
  })
})

describe('F-06 what replaces a wait keeps its marks', () => {
  /** The wait that a call would run by, under a switch. */
  const replaced = (options: Options): Wait & Options => {
    let seen: Options = {}
    const spy: Override = (options) => void (seen = options)
    removeBackoff(() => {
      using _ = override(spy)
      void retry(() => 1, options)
    })
    return seen.wait as never
  }
  const details = (tries: number) => ({ tries }) as never

  it.each<[string, Options['wait'], { finite: boolean; timeless: boolean }]>([
    ['a list', [1, 2, 4, 8, 16], { finite: true, timeless: true }],
    ['a number', 5, { finite: false, timeless: true }],
    ['a strategy', expo(), { finite: false, timeless: true }],
    ['a chain of lists', waitChain([1], [2, 3]), { finite: true, timeless: true }],
    ['a function of your own', () => 7, { finite: false, timeless: false }],
    ['what the server says', retryAfter({ fallback: [1, 2] }), { finite: false, timeless: true }],
  ])('%s', (_, wait, marks) => {
    const { exact, finite, timeless } = replaced({ wait })
    expect({ exact, finite, timeless }).toEqual({ exact: true, ...marks })
  })

  it('a list ends where it ended, with the bound that it is', async () => {
    const list = { wait: [1, 2, 4, 8, 16] }
    expect(await limitRetries(10, () => tries(list))).toBe(6)
    expect(await limitRetries(4, () => tries(list))).toBe(4)
    expect(await removeBackoff(() => tries(list))).toBe(6)
    expect(await testConfig({ maxWait: 3 }, () => waits({ ...list, maxTries: undefined }))).toEqual([1, 2, 3, 3, 3])
    expect(replaced(list)(details(6))).toBe(undefined)
    expect([1, 5].map((tries) => replaced(list)(details(tries)))).toEqual([0, 0])
  })

  it('is asked as the engine asks: what is written out stands, the strategies of the original are spread', () =>
    seededRandom(3, () => {
      const asked = (wait: Options['wait'], options: Options = {}): unknown => {
        let seen: Options = {}
        testConfig({ waitMultiplier: 2 }, () => {
          using _ = override((options) => void (seen = options))
          void retry(() => 1, { wait, ...options })
        })
        return (seen.wait as Wait)(details(1))
      }
      expect([asked(1_000), asked([1_000]), asked(() => 1_000)]).toEqual([2_000, 2_000, 2_000])
      expect(asked(expo())).not.toBe(2_000)
      expect(asked(expo(), { jitter: null })).toBe(2_000)
      expect(asked(1_000, { jitter: (wait) => wait / 4 })).toBe(500)
      expect(asked(waitSum(3_000, waitRandom({ max: 2_000 })), { jitter: fullJitter })).toBeLessThan(10_000)
      expect(asked(waitSum(3_000, waitRandom({ max: 2_000 })))).toBeGreaterThanOrEqual(6_000)
      expect(asked(retryAfter({ fallback: 7 }), { jitter: null })).toBe(14)
    }))

  it.each(['soon', -1, [1, -1], {}])('a wait that is none is refused when it is given: %j', async (wait: any) => {
    await removeBackoff(() => expect(retry(() => 1, { wait })).rejects.toThrow('wait must be'))
  })
})

describe('testConfig', () => {
  it('multiplies and caps the waits, after their jitter', async () => {
    const options = { wait: expo({ factor: 1_000 }), jitter: (wait: number) => wait + 100 }
    expect(await waits(options)).toEqual([1_100, 2_100, 4_100])
    expect(await testConfig({ waitMultiplier: 0.1 }, () => waits(options))).toEqual([110, 210, 410])
    expect(await testConfig({ maxWait: 2_000 }, () => waits(options))).toEqual([1_100, 2_000, 2_000])
    expect(await testConfig({ waitMultiplier: 0.1, maxWait: 200 }, () => waits(options))).toEqual([110, 200, 200])
  })

  it('keeps the default jitter, and its absence', async () => {
    const jittered = await seededRandom(1, () => waits())
    expect(await seededRandom(1, () => testConfig({ waitMultiplier: 2 }, () => waits()))).toEqual(jittered.map((wait) => wait! * 2))
    expect(await testConfig({ waitMultiplier: 2 }, () => waits({ jitter: null }))).toEqual([2_000, 4_000, 8_000])
  })

  it('enables and disables', async () => {
    expect(await testConfig({ enabled: false }, () => tries())).toBe(1)
    expect(await testConfig({ enabled: true }, () => tries({ enabled: false }))).toBe(3)
  })

  it('changes nothing when it is empty', async () => {
    expect(await testConfig({}, () => waits({ jitter: null }))).toEqual([1_000, 2_000, 4_000])
  })

  it.each([
    [{ waitMultiplier: -1 }, 'waitMultiplier must be a number of 0 or more; got -1'],
    [{ maxWait: Number.NaN }, 'maxWait must be a number of 0 or more; got NaN'],
    [{ maxTries: 0 }, 'maxTries must be an integer of 1 or more, or Infinity; got 0'],
    [{ enabled: 1 as any }, 'enabled must be a boolean; got 1'],
  ])('refuses %o', (config, message) => {
    expect(() => testConfig(config)).toThrow(message)
  })
})
