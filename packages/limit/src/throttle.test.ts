import { override, retry, retrySync, timeout, use } from '@backon/core'
import { levels } from '@backon/core/kit'
import { hedging } from '@backon/hedge'
import { randomFrom, virtualClock } from '@backon/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Hands, hands } from '../test/time.ts'
import { ThrottledError } from './errors.ts'
import type { ThrottleEvent } from './hooks.ts'
import { type Throttle, throttle } from './throttle.ts'
import { Throttles } from './throttles.ts'

let time: Hands
let dice: number
let undo: () => void
beforeEach(() => {
  time = hands()
  dice = 0.999
  undo = override({ clock: time, random: () => dice })
})
afterEach(() => undo())

const busy = Object.assign(new Error('busy'), { status: 503 })
/** Makes calls that the service answers. */
const answer = async (users: Throttle, value: unknown, times = 1): Promise<void> => {
  while (times-- > 0) await users.call(() => (value instanceof Error ? Promise.reject(value) : Promise.resolve(value))).catch(() => {})
}
const counts = ({ requests, accepts }: Throttle): number[] => [requests, accepts]
const once = { maxTries: 1 }

describe('the formula: (requests - k * accepts) / (requests + 1), from 0 to max', () => {
  test.each<[string, object, number, number, number]>([
    ['nothing has happened', {}, 0, 0, 0],
    ['all is accepted', {}, 50, 0, 0],
    ['half is accepted, k = 2: the corner', {}, 10, 10, 0],
    ['one below the corner', {}, 9, 10, 1 / 20],
    ['k = 1 has no tolerance', { k: 1 }, 99, 1, 1 / 101],
    ['a tenth is accepted', {}, 10, 90, 80 / 101],
    ['nothing is accepted: max', {}, 0, 100, 0.9],
    ['nothing is accepted, and max is 1', { max: 1 }, 0, 10, 10 / 11],
    ['fewer than minRequests', {}, 0, 9, 0],
    ['as many as minRequests', {}, 0, 10, 0.9],
    ['minRequests: 0', { minRequests: 0 }, 0, 1, 0.5],
    ['max: 0 never refuses', { max: 0 }, 0, 100, 0],
  ])('%s', async (_, options, accepted, overloaded, probability) => {
    const users = throttle(options)
    await answer(users, 'ok', accepted)
    await answer(users, busy, overloaded)
    expect([counts(users), users.probability]).toEqual([[accepted + overloaded, accepted], probability])
  })
})

describe('what counts', () => {
  const overloads: [string, () => unknown][] = [
    ['429 of an error', () => Promise.reject({ status: 429 })],
    ['503 of an error', () => Promise.reject(busy)],
    ['503 of a value', () => Promise.resolve({ status: 503 })],
    ['503 of the response of an error', () => Promise.reject({ response: { status: 503 } })],
    ['no answer: a network error', () => Promise.reject(new TypeError('fetch failed'))],
    ['no answer: a synchronous throw', () => { throw new Error('closed') }],
  ]
  const accepts: [string, () => unknown][] = [
    ['a value', () => Promise.resolve('ok')],
    ['no value, at once', () => {}],
    ['a 404', () => Promise.reject({ status: 404 })],
    ['a 500', () => Promise.reject({ response: { status: 500 } })],
    ['a value with a status that is no number', () => ({ status: 'active' })],
  ]
  const nothings: [string, () => unknown][] = [
    ['a refusal further in', () => Promise.reject(Object.assign(new Error('full'), { refused: true }))],
    ['an abort, alone', () => Promise.reject(new DOMException('gone', 'AbortError'))],
  ]
  test.each([...overloads.map((one) => [...one, [1, 0]] as const), ...accepts.map((one) => [...one, [1, 1]] as const), ...nothings.map((one) => [...one, [0, 0]] as const)])('%s', async (_, operation, expected) => {
    const users = throttle()
    await users.call(operation).catch(() => {})
    expect(counts(users)).toEqual(expected)
  })

  test('an abort by the caller is nothing, whatever the operation makes of it later', async () => {
    const users = throttle()
    const controller = new AbortController()
    const call = retry(() => new Promise((_, no) => setImmediate(no, busy)), { signal: controller.signal, use: [users] })
    controller.abort('gone')
    await expect(call).rejects.toBe('gone')
    await time.pass(0)
    expect(counts(users)).toEqual([0, 0])
  })

  test.each([['outside', 0], ['inside', 1]])('a timeout %s is no answer, once', async (_, at) => {
    const users = throttle()
    const call = retry(() => new Promise((yes) => setImmediate(() => time.setTimeout(() => yes(1), 200))), { ...once, use: at ? [users, timeout(100)] : [timeout(100), users] }).catch(() => {})
    await time.pass(300)
    await call
    expect(counts(users)).toEqual([1, 0])
  })

  test('a copy of a hedge that lost is nothing', async () => {
    const users = throttle()
    let copies = 0
    const call = retry(() => (++copies === 1 ? new Promise(() => {}) : 'second'), { ...once, use: [hedging({ wait: 50, maxHedge: 2 }), users] })
    await time.pass(50)
    expect([await call, counts(users)]).toEqual(['second', [1, 1]])
  })

  test('a call counts when its outcome is known, and what is refused here at once', async () => {
    const users = throttle()
    await answer(users, busy, 10)
    const open = users.call(() => new Promise(() => {}))
    expect(counts(users)).toEqual([10, 0])
    dice = 0
    await expect(users.call(() => 1)).rejects.toThrow(ThrottledError)
    expect(counts(users)).toEqual([11, 0])
    void open
  })

  test('a thousand healthy calls at 1,000 a second and 100 ms: none is refused', async () => {
    undo()
    const clock = virtualClock()
    const random = randomFrom(1)
    using _ = override({ random })
    const refused = await clock.run(async () => {
      const users = throttle()
      let refused = 0
      const all: Promise<unknown>[] = []
      for (let call = 0; call < 1_000; call++) {
        all.push(users.call(() => new Promise((yes) => clock.setTimeout(() => yes('ok'), 100))).catch(() => refused++))
        await clock.advance(1)
      }
      await Promise.all(all)
      return refused
    })
    expect(refused).toBe(0)
  })

  test('isOverload decides instead; what it throws fails the call, and nothing else', async () => {
    const users = throttle({ isOverload: ({ value }) => value === 'busy' })
    await answer(users, 'busy')
    await answer(users, busy)
    expect(counts(users)).toEqual([2, 1])
    const broken = throttle({ isOverload: () => { throw new Error('mine') } })
    await expect(broken.call(() => 1)).rejects.toThrow('mine')
    const late = retry(() => new Promise(() => {}), { ...once, use: [timeout(100), broken] }).catch((error) => error)
    await time.pass(100)
    expect(await late).toMatchObject({ name: 'TimeoutError' })
  })
})

describe('the window', () => {
  test('forgets part by part what is older', async () => {
    const users = throttle({ window: 1_000 })
    await answer(users, busy, 10)
    await time.pass(500)
    await answer(users, 'ok', 5)
    await time.pass(499)
    expect(counts(users)).toEqual([15, 5])
    await time.pass(1)
    expect(counts(users)).toEqual([5, 5])
    await time.pass(3_600_000)
    expect(counts(users)).toEqual([0, 0])
  })

  test('is emptied by a clock that goes back', async () => {
    time.set(1e9)
    const users = throttle()
    await answer(users, busy, 20)
    time.set(0)
    expect([counts(users), users.probability]).toEqual([[0, 0], 0])
  })

  test('has no timer', async () => {
    await answer(throttle(), busy, 20)
    expect(time.pending).toBe(0)
  })
})

describe('an outage, at ten calls a second', () => {
  /** Calls a service that is well, down and well again; says when the first and the last call was refused, in seconds since the outage began. */
  const played = (users: Throttle, well: number, down: number): { first: number | undefined; last: number | undefined } => {
    const random = randomFrom(1)
    const off = override({ clock: time, random })
    const refused: number[] = []
    for (let call = 0; call < (well + down + 300) * 10; call++) {
      const second = call / 10 - well
      time.set(call * 100)
      try {
        users.callSync(() => {
          if (second >= 0 && second < down) throw busy
        })
      } catch (error) {
        if (error instanceof ThrottledError) refused.push(second)
      }
    }
    off()
    return { first: refused[0], last: refused.at(-1) }
  }

  test('of less than half a window refuses nothing where the window was full of accepted calls', () => {
    expect(played(throttle(), 120, 50).first).toBe(undefined)
  })

  test('of a window: the first is refused in the middle of it; what is refused here counts too, so the last is refused later than a window after its end', () => {
    const { first, last } = played(throttle(), 120, 120)
    expect([first! > 50 && first! < 65, last! > 120 + 120 && last! < 120 + 240]).toEqual([true, true])
    const sooner = played(throttle({ window: 30_000 }), 120, 120)
    expect([sooner.first! > 12 && sooner.first! < 18, sooner.last! > 120 + 30 && sooner.last! < 120 + 60]).toEqual([true, true])
  })
})

describe('a refusal', () => {
  const spent = async (options = {}): Promise<Throttle> => {
    const users = throttle({ name: 'users', ...options })
    await answer(users, busy, 100)
    dice = 0.89
    return users
  }

  test('comes instead of the call, and no retry fights it', async () => {
    const users = await spent()
    const operation = vi.fn()
    const error = await retry(operation, { use: [users], exception: Error }).catch((error) => error)
    expect([operation.mock.calls.length, error.message]).toEqual([0, 'throttle "users" refuses 90 % of calls'])
    expect(error).toMatchObject({ name: 'ThrottledError', throttle: 'users', refused: true, refusedBy: 'throttle', retryable: false })
    expect(() => users.callSync(operation)).toThrow(ThrottledError)
    expect(() => retrySync(operation, { use: [users] })).toThrow(ThrottledError)
    expect(counts(users)).toEqual([103, 0])
  })

  test('is drawn from core: by as much as the share says', async () => {
    const users = await spent()
    dice = 0.9
    expect(await users.call(() => 'through')).toBe('through')
  })

  test('is told to its own options and to all plugins of the call', async () => {
    const seen: [string, ThrottleEvent][] = []
    const told = (who: string) => ({ onThrottleReject: (event: ThrottleEvent) => void seen.push([who, event]) })
    using _ = use(told('process'))
    const users = await spent(told('own'))
    let call: object | undefined
    await retry(() => 1, { use: [users, told('call'), { onGiveup: (details) => void (call = details.call) }] }).catch(() => {})
    const event = { throttle: 'users', probability: 0.9, call, name: '' }
    expect(seen).toEqual([['own', event], ['process', event], ['call', event]])
  })

  test('its level is what can be read at any time', async () => {
    const users = await spent({ name: 'level of throttle' })
    expect(levels().find(({ name }) => name === users.name)).toEqual({ kind: 'throttle', name: 'level of throttle', values: { requests: 100, accepts: 0, probability: 0.9 }, severity: 0.9 })
  })
})

test.each<[object, string]>([
  [{ k: 0.5 }, 'k must be a number of 1 or more; got 0.5'],
  [{ k: '2' }, 'k must be a number of 1 or more; got "2"'],
  [{ window: '1000' }, 'window must be a number of ms above 0; got "1000"'],
  [{ max: [] }, 'max must be a number from 0 to 1; got object Array'],
  [{ onThrottleReject: 1 }, 'onThrottleReject must be a function; got 1'],
  [{ window: 0 }, 'window must be a number of ms above 0; got 0'],
  [{ window: Infinity }, 'window must be a number of ms above 0; got Infinity'],
  [{ minRequests: -1 }, 'minRequests must be a number of 0 or more; got -1'],
  [{ max: 1.1 }, 'max must be a number from 0 to 1; got 1.1'],
  [{ max: -0.1 }, 'max must be a number from 0 to 1; got -0.1'],
  [{ isOverload: true }, 'isOverload must be a function; got true'],
  [{ name: 1 }, 'name must be a string; got 1'],
])('refuses %j at once', (options, message) => {
  expect(() => throttle(options)).toThrow(message)
})

test('calls a synchronous function with its arguments, and gives what it gives', () => {
  const users = throttle()
  expect(users.callSync((a: number, b: number) => a + b, 2, 3)).toBe(5)
  expect([users.requests, users.accepts]).toEqual([1, 1])
})

test('has no name unless it is given one, and asks for no times of an attempt', () => {
  expect(throttle()).toMatchObject({ name: '', timeless: true })
})

test('one a key: named after it; one that refuses calls is not dropped for being idle', async () => {
  const hosts = new Throttles({}, { idleFor: 100 })
  await answer(hosts.get('down'), busy, 20)
  hosts.get('up')
  await time.pass(200)
  hosts.get('new')
  expect([...hosts].map(([key, { name }]) => `${key} ${name}`).sort()).toEqual(['down down', 'new new'])
  expect(() => new Throttles({ k: 0 })).toThrow('k must be')
})
