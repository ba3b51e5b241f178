import { CircuitBreaker } from '@backon/breaker'
import { retry, retrySync, use } from '@backon/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { settle, World } from '../test/processes.ts'
import { shareBreaker } from './share.ts'

let world: World
beforeEach(() => void (world = new World()))
afterEach(() => world.undo())

const acts = (): string => world.store.requests.splice(0).join('')

describe('a healthy circuit', () => {
  test('asks after a call, never before it, and at most once per refresh', async () => {
    const { shared } = world.process()
    const order: string[] = []
    const call = async (): Promise<void> => {
      order.push(`${world.store.requests.length} before`)
      await Promise.resolve()
      order.push(`${world.store.requests.length} within`)
    }
    for (let i = 0; i < 100; i++) {
      await retry(call, { use: [shared] })
      await world.pass(30)
    }
    expect(order.slice(0, 2)).toEqual(['0 before', '0 within'])
    // 3,000 ms: at 0, and then every 1,000 ms or a little later.
    expect(acts()).toBe('ppp')
  })

  test('asks nothing while nobody calls, and sets no timer', async () => {
    const { shared } = world.process()
    await shared.call(async () => 'ok')
    await settle()
    await world.pass(60_000)
    expect([acts(), world.timers.size]).toEqual(['p', 0])
  })

  test('never waits for the store, whatever it does', async () => {
    const a = world.process()
    for (const state of ['frozen', 'down', 'nonsense'] as const) {
      world.store.thaw(state as 'up')
      await world.pass(1_000)
      expect(await a.call()).toBe('ok')
    }
  })

  test('`refresh: Infinity` asks once', async () => {
    const a = world.process({}, { refresh: Infinity })
    for (let i = 0; i < 5; i++) {
      await a.call()
      await world.pass(100_000)
    }
    expect(acts()).toBe('p')
  })
})

describe('an open circuit', () => {
  test('is heard by the others after their next call, with the cause', async () => {
    const [a, b] = [world.process(), world.process()]
    await a.fail()
    expect([a.state, b.state]).toEqual(['open', 'closed'])
    expect(await b.call()).toBe('ok')
    expect([b.state, b.breaker.retryAfter]).toEqual(['open', 1_000])
    const error = await b.shared.call(async () => 'ok').catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'CircuitOpenError', refused: true, cause: { message: 'another process has found it failing' } })
  })

  test('the server counts what is left: who hears late is not late', async () => {
    const [a, b] = [world.process(), world.process()]
    await a.fail()
    await world.pass(700)
    await b.call()
    expect(b.breaker.retryAfter).toBe(300)
  })

  test('one probe goes over all processes; its success closes all, and failures count afresh', async () => {
    const processes = Array.from({ length: 50 }, () => world.process({ failureThreshold: 2 }, { refresh: 100 }))
    const [a] = processes as [(typeof processes)[0]]
    await a.fail()
    await a.fail()
    for (const one of processes) await one.call()
    expect(processes.every(({ state }) => state === 'open')).toBe(true)
    await world.pass(1_000)
    let answer!: (value: string) => void
    const requests = vi.fn(() => new Promise<string>((resolve) => (answer = resolve)))
    const outcomes = await Promise.all(processes.map((one) => one.call(requests)))
    expect(requests).toHaveBeenCalledTimes(1)
    expect(outcomes.filter((outcome) => outcome === 'CircuitOpenError').length).toBe(49)
    answer('up')
    await settle()
    await world.pass(100)
    for (const one of processes) expect(await one.call()).toBe('ok')
    expect(processes.every(({ state }) => state === 'closed')).toBe(true)
    // One failure of two.
    await a.fail()
    expect(a.state).toBe('closed')
  })

  test('a probe that fails opens all again', async () => {
    const [a, b] = [world.process(), world.process()]
    await a.fail()
    await b.call()
    await world.pass(1_000)
    expect([await b.fail(), b.state]).toEqual(['down', 'open'])
    expect([await a.call(), a.state, a.breaker.retryAfter]).toEqual(['CircuitOpenError', 'open', 1_000])
  })

  test('its holder makes all its probes under one lease', async () => {
    const [a, b] = [world.process({ successThreshold: 3 }), world.process({ successThreshold: 3 })]
    await a.fail()
    await b.call()
    await world.pass(1_000)
    acts()
    expect([await a.call(), await a.call(), await b.call(), await a.call()]).toEqual(['ok', 'ok', 'CircuitOpenError', 'ok'])
    expect([a.state, acts().replaceAll('p', '')]).toEqual(['closed', 'llc'])
  })

  test('a process that starts cold and finds a ripe circuit asks for the lease', async () => {
    const a = world.process()
    await a.fail()
    await world.pass(1_000)
    const cold = world.process()
    await cold.call()
    expect([cold.state, cold.breaker.retryAfter]).toEqual(['open', 0])
    acts()
    expect([await cold.call(), cold.state, acts()]).toEqual(['ok', 'closed', 'lc'])
  })

  test('`refresh: 0` asks after each call, and whoever is not granted the lease is refused all the same', async () => {
    const [a, b] = [world.process({}, { refresh: 0 }), world.process({}, { refresh: 0 })]
    expect([await a.call(), await a.call(), acts()]).toEqual(['ok', 'ok', 'pp'])
    await a.fail()
    await b.call()
    await world.pass(1_000)
    await a.call(() => new Promise(() => {}))
    expect(await b.call()).toBe('CircuitOpenError')
  })

  test('calls that come together ask once, and all of them wait for the answer', async () => {
    const a = world.process({ halfOpenMaxCalls: 2, successThreshold: 2 })
    await a.fail()
    await world.pass(1_000)
    acts()
    const calls = [1, 2, 3, 4].map(() => a.shared.call(async () => 'ok').catch((error: Error) => error.name))
    expect(await Promise.all(calls)).toEqual(['ok', 'ok', 'CircuitOpenError', 'CircuitOpenError'])
    expect(acts()).toBe('lc')
  })

  test('the later end wins', async () => {
    const [a, b] = [world.process(), world.process({ recoveryTimeout: 5_000 })]
    await a.call()
    await b.call()
    await b.fail()
    await a.fail()
    await settle()
    expect([a.breaker.retryAfter, b.breaker.retryAfter]).toEqual([5_000, 5_000])
  })

  test('aborted while it waits for the lease, a call is not made', async () => {
    const a = world.process()
    await a.fail()
    await world.pass(1_000)
    world.store.state = 'frozen'
    const controller = new AbortController()
    const operation = vi.fn(async () => 'ok')
    const call = retry(operation, { use: [a.shared], signal: controller.signal }).catch((error: unknown) => error)
    await settle()
    controller.abort('enough')
    world.store.thaw()
    expect(await call).toBe('enough')
    await settle()
    expect(operation).not.toHaveBeenCalled()
    // The lease is there for the next call.
    expect([await a.call(), a.state]).toEqual(['ok', 'closed'])
  })
})

describe('seen in other systems', () => {
  test('read-modify-write without a fence: a stale close changes nothing', async () => {
    const [a, b] = [world.process({}, { lease: 60_000 }), world.process()]
    await a.fail()
    await b.call()
    await world.pass(1_000)
    let answer!: () => void
    await a.call(() => new Promise<void>((resolve) => (answer = resolve)))
    // It does not answer in its time; the lease goes to the next one, who finds it down.
    await world.pass(60_000)
    await b.fail()
    expect(b.state).toBe('open')
    answer()
    await settle()
    await world.pass(500)
    await b.call()
    expect(b.state).toBe('open')
    const cold = world.process()
    await cold.call()
    expect(cold.state).toBe('open')
  })

  test('a lost open: two that open at once leave it open; one that could not be told is told at the next contact, if still open', async () => {
    const [a, b] = [world.process(), world.process({ recoveryTimeout: 10_000 })]
    await a.call()
    await b.call()
    await Promise.all([a.fail(), b.fail()])
    const cold = world.process()
    await cold.call()
    expect(cold.state).toBe('open')

    world.store.keys.clear()
    world.store.state = 'down'
    const late = world.process({ recoveryTimeout: 10_000 })
    await late.fail()
    world.store.state = 'up'
    await world.pass(2_000)
    await late.call()
    const another = world.process()
    await another.call()
    expect([another.state, another.breaker.retryAfter]).toEqual(['open', 8_000])
  })

  test('a stale open changes nothing: who was cut off hears of the close instead', async () => {
    const [a, b] = [world.process(), world.process({ recoveryTimeout: 100_000 })]
    await a.call()
    await b.call()
    world.store.state = 'down'
    await b.fail()
    world.store.state = 'up'
    await a.fail()
    await world.pass(1_000)
    await a.call()
    expect([a.state, b.state]).toEqual(['closed', 'open'])
    await b.call()
    expect(b.state).toBe('closed')
    await world.pass(1_000)
    await a.call()
    expect(a.state).toBe('closed')
  })

  test('a trip while the question was on its way is no stale one', async () => {
    const [a, b] = [world.process(), world.process()]
    await a.fail()
    await world.pass(1_000)
    await a.call()
    // A fresh process: its first question is answered with a circuit that somebody has closed, after its own has opened.
    world.store.state = 'frozen'
    await b.call()
    await b.fail()
    world.store.thaw()
    await settle()
    expect(b.state).toBe('open')
    await world.pass(500)
    const cold = world.process()
    await cold.call()
    expect([cold.state, cold.breaker.retryAfter]).toEqual(['open', 500])
  })

  test('a time to live shorter than the open time: a day is a day', async () => {
    const a = world.process({ recoveryTimeout: 86_400_000 })
    await a.fail()
    await world.pass(86_399_000)
    const cold = world.process()
    await cold.call()
    expect([cold.state, cold.breaker.retryAfter]).toEqual(['open', 1_000])
  })

  test('a lease shorter than a probe may take: it is never less', async () => {
    const [a, b] = [world.process({}, { lease: 10 }), world.process({}, { refresh: 100 })]
    await a.fail()
    await b.call()
    await world.pass(1_000)
    await a.call(() => new Promise(() => {}))
    for (let i = 0; i < 59; i++) {
      await world.pass(1_000)
      expect(await b.call()).toBe('CircuitOpenError')
    }
    await world.pass(1_000)
    expect(await b.call()).toBe('ok')
  })

  test('one process\' monotonic clock stored, and clock skew between hosts: those whose clocks are hours or years apart agree on what is left', async () => {
    const [a, b, c] = [world.process({}, {}, 0), world.process({}, {}, 5 * 3_600_000), world.process({}, {}, -3e11)]
    await a.fail()
    await b.call()
    await c.call()
    world.skew = b.skew
    expect(b.breaker.retryAfter).toBe(1_000)
    world.skew = c.skew
    expect(c.breaker.retryAfter).toBe(1_000)
    await world.pass(999)
    expect([await a.call(), await b.call(), await c.call()]).toEqual(['CircuitOpenError', 'CircuitOpenError', 'CircuitOpenError'])
    await world.pass(1)
    expect([await c.call(), c.state]).toEqual(['ok', 'closed'])
    await world.pass(1_000)
    expect([await a.call(), await b.call()]).toEqual(['ok', 'ok'])
  })

  test('the store down is no call that fails, nor a slower one', async () => {
    world.store.state = 'down'
    const a = world.process()
    expect(await a.call()).toBe('ok')
    expect([await a.fail(), a.state]).toEqual(['down', 'open'])
    expect(await a.call()).toBe('CircuitOpenError')
    await world.pass(1_000)
    expect([await a.call(), a.state]).toEqual(['ok', 'closed'])
    world.store.state = 'nonsense'
    await a.fail()
    await world.pass(1_000)
    expect([await a.call(), a.state]).toEqual(['ok', 'closed'])
  })

  test('50 warm containers are not 50 probes, also when the store has lost everything', async () => {
    const processes = Array.from({ length: 50 }, () => world.process())
    await processes[0]!.fail()
    for (const one of processes) await one.call()
    world.store.keys.clear()
    await world.pass(1_000)
    const requests = vi.fn(() => new Promise(() => {}))
    await Promise.all(processes.map((one) => one.call(requests)))
    expect(requests).toHaveBeenCalledTimes(1)
  })
})

describe('RT-51 a store that misbehaves', () => {
  test('frozen: a probe waits for `timeout`, once; then the breaker decides alone, and nothing queues up', async () => {
    const a = world.process()
    await a.fail()
    await world.pass(1_000)
    world.store.state = 'frozen'
    acts()
    expect(await a.call()).toBe('waits')
    await world.pass(49)
    expect(a.state).toBe('open')
    const operation = vi.fn(async () => 'ok')
    // The first takes the slot: this one is refused, or comes after its success.
    const second = a.shared.call(operation).catch(() => {})
    await world.pass(1)
    await second
    expect(a.state).toBe('closed')
    for (let i = 0; i < 20; i++) {
      await a.fail()
      await world.pass(1_000)
      expect(await a.call()).toBe('ok')
    }
    expect([acts(), world.timers.size]).toEqual(['l', 0])
  })

  test('a lease that is granted late is used: what the probe has found closes all', async () => {
    const [a, b] = [world.process(), world.process()]
    await a.fail()
    await b.call()
    await world.pass(1_000)
    world.store.state = 'frozen'
    void a.call()
    await settle()
    await world.pass(50)
    expect(a.state).toBe('closed')
    world.store.thaw()
    await settle()
    expect(await b.call()).toBe('ok')
    expect(b.state).toBe('closed')
  })

  test('what is heard late does not keep it open for longer', async () => {
    const [a, b] = [world.process({ recoveryTimeout: 10_000 }), world.process()]
    await a.fail()
    const client = world.store.client()
    let deliver!: () => void
    const slow = { eval: async (...given: Parameters<typeof client.eval>) => {
      const answer = await client.eval(...given)
      await new Promise<void>((resolve) => (deliver = resolve))
      return answer
    } }
    const c = world.process({}, { client: slow })
    await c.call()
    await world.pass(4_000)
    deliver()
    await settle()
    expect(c.breaker.retryAfter).toBe(6_000)
    expect(await b.call()).toBe('ok')
  })

  test('killed while it holds the lease: the next one has it when the lease is over, which counts as an opening', async () => {
    const [a, b] = [world.process(), world.process()]
    await a.fail()
    await b.call()
    await world.pass(1_000)
    await a.call(() => new Promise(() => {}))
    a.shared.leave()
    expect(await b.call()).toBe('CircuitOpenError')
    await world.pass(60_000)
    expect(world.store.keys.get('backon:users')!.n).toBe(1)
    expect(await b.call(() => new Promise(() => {}))).toBe('waits')
    expect(world.store.keys.get('backon:users')!.n).toBe(2)
  })

  test('the answer that granted the lease was lost: the same process is granted it again', async () => {
    const a = world.process()
    await a.fail()
    await world.pass(1_000)
    const run = world.store.run.bind(world.store)
    vi.spyOn(world.store, 'run').mockImplementationOnce((...given) => {
      run(...given)
      throw new Error('connection lost')
    })
    await a.call(() => {
      throw Object.assign(new Error('full'), { refused: true })
    })
    acts()
    expect([await a.call(), a.state, acts()]).toEqual(['ok', 'closed', 'lc'])
  })

  test('restarted empty meanwhile: whoever is open stays so, and the probe\'s verdict is nobody\'s loss', async () => {
    const [a, b] = [world.process(), world.process()]
    await a.fail()
    await b.call()
    world.store.keys.clear()
    await world.pass(500)
    expect([await a.call(), await b.call()]).toEqual(['CircuitOpenError', 'CircuitOpenError'])
    await world.pass(500)
    expect([await a.call(), a.state]).toEqual(['ok', 'closed'])
    expect(await b.call()).toBe('ok')
  })

  test('tells of its failing once, until it has answered in time again', async () => {
    const told: string[] = []
    const watcher = vi.fn()
    using _ = use({ onStoreError: watcher })
    const a = world.process({}, { onStoreError: ({ breaker, error }) => void told.push(`${breaker}: ${(error as Error).message}`) })
    const round = async (state: 'up' | 'down' | 'nonsense'): Promise<void> => {
      world.store.state = state as 'up'
      await world.pass(1_000)
      await a.call()
    }
    for (const state of ['up', 'down', 'down', 'nonsense', 'up', 'nonsense', 'up'] as const) await round(state)
    expect(told).toEqual(['users: ECONNREFUSED', 'users: the store answered OK'])
    expect(watcher).toHaveBeenCalledTimes(2)
    world.store.state = 'frozen'
    for (let i = 0; i < 3; i++) {
      await world.pass(1_000)
      await a.call()
    }
    expect(told.slice(2)).toEqual(['users: the store has not answered in 50 ms'])
  })

  test('a handler that throws is reported, and changes nothing', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    world.store.state = 'down'
    const a = world.process({}, { onStoreError: () => { throw new Error('log is full') } })
    expect([await a.call(), report.mock.calls.length]).toEqual(['ok', 1])
    report.mockRestore()
  })

  test('a client that throws at once is a store that is down', async () => {
    const a = world.process({}, { client: { eval: () => { throw new Error('closed') } } })
    expect([await a.call(), await a.fail(), a.state]).toEqual(['ok', 'down', 'open'])
  })
})

describe('agree', () => {
  test('one bad machine opens its own breaker and no other', async () => {
    const [bad, b, c] = [1, 2, 3].map(() => world.process({ recoveryTimeout: 5_000 }, { agree: 2 })) as any
    await bad.fail()
    await b.call()
    await c.call()
    expect([bad.state, b.state, c.state]).toEqual(['open', 'closed', 'closed'])
    // A second one agrees.
    await world.pass(1_000)
    await b.fail()
    await c.call()
    expect([c.state, c.breaker.retryAfter]).toEqual(['open', 5_000])
  })

  test('a vote is over when its own breaker would let a probe through', async () => {
    const [a, b, c] = [1, 2, 3].map(() => world.process({}, { agree: 2 })) as any
    await a.fail()
    await world.pass(1_000)
    await b.fail()
    await c.call()
    expect(c.state).toBe('closed')
  })
})

describe('subscribe', () => {
  test('a message makes it ask at once; one\'s own does not', async () => {
    const subscribe = (_channel: string, onMessage: (message?: string) => void) => {
      const listener = (channel: string, message: string): void => {
        expect(channel).toBe('backon:users')
        onMessage(message)
      }
      world.store.listeners.add(listener)
      return () => world.store.listeners.delete(listener)
    }
    const [a, b] = [world.process({}, { subscribe, refresh: Infinity }), world.process({}, { subscribe, refresh: Infinity })]
    await a.call()
    await b.call()
    acts()
    await a.fail()
    await settle()
    expect([b.state, acts()]).toEqual(['open', 'op'])
    b.shared.leave()
    a.shared.leave()
    expect(world.store.listeners.size).toBe(0)
  })

  test('one that comes while a question is on its way is not lost', async () => {
    let say!: (message?: string) => void
    const { client, deliver } = slowly()
    const [a, b] = [world.process(), world.process({}, { client, refresh: Infinity, subscribe: (_, onMessage) => ((say = onMessage), () => {}) })]
    await b.call()
    await a.fail()
    say('the opening')
    await deliver()
    expect(b.state).toBe('closed')
    await deliver()
    expect(b.state).toBe('open')
  })
})

/** A client whose answers are on their way until they are delivered. */
const slowly = () => {
  const inner = world.store.client()
  const answers: (() => void)[] = []
  return {
    client: {
      eval: async (...given: Parameters<typeof inner.eval>) => {
        const answer = await inner.eval(...given)
        await new Promise<void>((resolve) => answers.push(resolve))
        return answer
      },
    },
    deliver: async () => {
      await settle()
      for (const resolve of answers.splice(0)) resolve()
      await settle()
    },
  }
}

describe('what is asked, and when', () => {
  test.each([
    { answer: 'that it is ripe', isBack: false, asked: 'plc' },
    { answer: 'that somebody has closed it', isBack: true, asked: 'p' },
  ])('the lease, after a question that is on its way is answered; the answer is $answer', async ({ isBack, asked }) => {
    let say!: () => void
    const { client, deliver } = slowly()
    const [a, b] = [world.process({}, { client, subscribe: (_, onMessage) => ((say = onMessage), () => {}) }), world.process()]
    await a.call()
    await deliver()
    await a.fail()
    await deliver()
    await world.pass(1_000)
    if (isBack) expect([await b.call(), await b.call(), b.state]).toEqual(['ok', 'ok', 'closed'])
    acts()
    say()
    const call = a.shared.call(async () => 'ok')
    for (let i = 0; i < 3; i++) await deliver()
    expect([await call, a.state, acts()]).toEqual(['ok', 'closed', asked])
  })

  test('the lease again, once it is over here', async () => {
    const a = world.process({ successThreshold: 2 })
    await a.fail()
    await world.pass(1_000)
    await a.call()
    await world.pass(60_000)
    acts()
    expect([await a.call(), acts(), a.state]).toEqual(['ok', 'lc', 'closed'])
  })

  test('the lease again, once somebody else has opened it since', async () => {
    const [a, b] = [world.process({ successThreshold: 3 }), world.process()]
    await a.fail()
    await b.call()
    await world.pass(1_000)
    await a.call()
    expect(() => b.shared.callSync(() => { throw new Error('down') })).toThrow('down')
    await settle()
    await world.pass(1_000)
    await a.call()
    expect(a.state).toBe('open')
    await world.pass(1_000)
    acts()
    await a.call()
    expect(acts()[0]).toBe('l')
  })

  test('a close that is refused, as the lease is somebody else\'s by now, is told once', async () => {
    const [a, b] = [world.process(), world.process()]
    await a.fail()
    await b.call()
    await world.pass(1_000)
    await a.call(() => new Promise(() => {}))
    await world.pass(60_000)
    await b.call(() => new Promise(() => {}))
    acts()
    a.breaker.reset()
    await settle()
    expect(acts()).toBe('c')
  })

  test('an opening that could not be told is told at the next contact', async () => {
    const [a, b] = [world.process({ recoveryTimeout: 10_000 }), world.process()]
    await a.call()
    world.store.state = 'down'
    await a.fail()
    world.store.state = 'up'
    await world.pass(1_000)
    acts()
    expect([await a.call(), acts()]).toEqual(['CircuitOpenError', 'o'])
    await b.call()
    expect(b.breaker.retryAfter).toBe(9_000)
  })
})

describe('firstPeek', () => {
  test('waits before the first call of a process, so that a cold one does not hit a service that is known to be down', async () => {
    const a = world.process({ recoveryTimeout: 5_000 })
    await a.fail()
    const cold = world.process({}, { firstPeek: 100 })
    const operation = vi.fn(async () => 'ok')
    const calls = [cold.call(operation), cold.call(operation)]
    expect(await Promise.all(calls)).toEqual(['CircuitOpenError', 'CircuitOpenError'])
    expect(operation).not.toHaveBeenCalled()
  })

  test('and no longer than it says', async () => {
    world.store.state = 'frozen'
    const cold = world.process({}, { firstPeek: 100 })
    const call = cold.shared.call(async () => 'ok')
    await settle()
    await world.pass(100)
    expect(await call).toBe('ok')
    expect([await cold.call(), world.timers.size]).toEqual(['ok', 0])
  })

  test('a ripe circuit is asked for its lease too', async () => {
    const [a, b] = [world.process(), world.process()]
    await a.fail()
    await world.pass(1_000)
    await a.call(() => new Promise(() => {}))
    const cold = world.process({}, { firstPeek: 100 })
    expect(await cold.call()).toBe('CircuitOpenError')
    expect(b.state).toBe('closed')
  })
})

describe('synchronous calls', () => {
  test('decide here, take no lease, and still tell and hear', async () => {
    const [a, b] = [world.process(), world.process()]
    expect(() => retrySync(() => { throw new Error('down') }, { use: [a.shared], maxTries: 1 })).toThrow('down')
    await settle()
    await b.call()
    expect(b.state).toBe('open')
    await world.pass(1_000)
    acts()
    expect(b.shared.callSync(() => 'ok')).toBe('ok')
    expect(retrySync(() => 'ok', { use: [a.shared] })).toBe('ok')
    await settle()
    expect([a.state, b.state, acts().includes('l')]).toEqual(['closed', 'closed', false])
    expect(() => a.shared.callSync(() => { throw new Error('down') })).toThrow('down')
    expect(() => a.shared.callSync(() => 'ok')).toThrow('circuit "users" is open')
  })
})

describe('by hand', () => {
  test('for this process: the others hear nothing', async () => {
    const [a, b] = [world.process(), world.process()]
    expect(await a.shared.isolate()).toBe(false)
    await b.call()
    expect([a.state, b.state]).toEqual(['open', 'closed'])
    await a.shared.reset()
    expect([a.state, acts()]).toEqual(['closed', 'p'])
  })

  test('everywhere: until reset everywhere, and whoever resets', async () => {
    const [a, b, c] = [world.process(), world.process(), world.process()]
    expect(await a.shared.isolate({ everywhere: true })).toBe(true)
    await b.call()
    expect(b.breaker.retryAfter).toBe(Infinity)
    await world.pass(1e9)
    expect([await a.call(), await b.call(), await c.call(), await c.call()]).toEqual(['CircuitOpenError', 'CircuitOpenError', 'ok', 'CircuitOpenError'])
    expect(await c.shared.reset({ everywhere: true })).toBe(true)
    await world.pass(1_000)
    await a.call()
    await b.call()
    expect([await a.call(), await b.call(), await c.call()]).toEqual(['ok', 'ok', 'ok'])
  })

  test('a shared close does not undo what was isolated here', async () => {
    const [a, b] = [world.process(), world.process()]
    await b.fail()
    await a.call()
    await a.shared.isolate()
    await world.pass(1_000)
    await b.call()
    await a.call()
    expect([b.state, a.state]).toEqual(['closed', 'open'])
  })

  test('what could not be told is not lost to a question for the lease', async () => {
    const [a, b] = [world.process(), world.process()]
    await a.shared.isolate({ everywhere: true })
    await b.call()
    world.store.state = 'down'
    expect(await a.shared.reset({ everywhere: true })).toBe(false)
    await a.fail()
    await world.pass(1_000)
    world.store.state = 'up'
    acts()
    await a.call()
    expect(acts()).toBe('lc')
    await b.call()
    expect([a.state, b.state]).toEqual(['closed', 'closed'])
  })

  test('with the store down it holds here, says so, and is told at the next contact', async () => {
    const [a, b] = [world.process(), world.process()]
    for (const state of ['down', 'frozen'] as const) {
      world.store.state = state
      const told = a.shared.isolate({ everywhere: true })
      await settle()
      await world.pass(50)
      expect([await told, a.state]).toEqual([false, 'open'])
      world.store.thaw()
      await world.pass(1_000)
      await a.call()
      await b.call()
      expect(b.state).toBe('open')
      await a.shared.reset({ everywhere: true })
      await world.pass(1_000)
      await b.call()
      expect(b.state).toBe('closed')
    }
  })
})

test('after leave() it is a breaker alone', async () => {
  const [a, b] = [world.process(), world.process()]
  a.shared.leave()
  await a.fail()
  await world.pass(1_000)
  expect([await a.call(), a.state, acts()]).toEqual(['ok', 'closed', ''])
  await b.fail()
  await a.call()
  expect(a.state).toBe('closed')
})

test('it is as timeless as its breaker', () => {
  expect([world.process().shared.timeless, world.process({ isFailure: () => false }).shared.timeless]).toEqual([true, false])
})

const client = { eval: async () => [] }
test.each([
  [undefined, 'options must be an object; got undefined'],
  [{ key: 'k' }, 'client must be an object with eval(script, keys, args); got undefined'],
  [{ client: {}, key: 'k' }, 'client must be an object with eval(script, keys, args); got object Object'],
  [{ client, key: '' }, 'key must be a string of 1 character or more; got ""'],
  [{ client, key: 5 }, 'key must be a string of 1 character or more; got 5'],
  [{ client, key: 'k', refresh: '1000' }, 'refresh must be a number of 0 or more; got "1000": did you mean 1000?'],
  [{ client, key: 'k', timeout: -1 }, 'timeout must be a number of 0 or more; got -1'],
  [{ client, key: 'k', lease: NaN }, 'lease must be a number of 0 or more; got NaN'],
  [{ client, key: 'k', firstPeek: true }, 'firstPeek must be a number of 0 or more; got true'],
  [{ client, key: 'k', agree: 0 }, 'agree must be an integer of 1 or more; got 0'],
  [{ client, key: 'k', agree: '2' }, 'agree must be an integer of 1 or more; got "2": did you mean 2?'],
  [{ client, key: 'k', subscribe: {} }, 'subscribe must be a function; got object Object'],
  [{ client, key: 'k', onStoreError: 1 }, 'onStoreError must be a function; got 1'],
  [{ client: { ...client, evalsha: 1 }, key: 'k' }, 'client.evalsha must be a function; got 1'],
])('unusable options: %j', (options, message) => {
  expect(() => shareBreaker(new CircuitBreaker(), options as never)).toThrow(new RegExp(`^${message.replaceAll(/[()?]/g, '\\$&')}$`))
})

test('a breaker of another copy is refused', () => {
  expect(() => shareBreaker({} as never, { client, key: 'k' })).toThrow('breaker must be a CircuitBreaker of this copy of @backon/breaker; got object Object')
})
