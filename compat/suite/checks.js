// The checks that every runtime must pass. Plain JavaScript without a test runner: it has to run in all of them.

/** Fails with what was found. */
const equal = (found, wanted) => {
  const text = (value) => JSON.stringify(value) ?? String(value)
  if (!Object.is(found, wanted) && text(found) !== text(wanted)) throw new Error(`found ${text(found)}, wanted ${text(wanted)}`)
}
const same = (found, wanted) => {
  if (found !== wanted) throw new Error(`${String(found)} is not ${String(wanted)}`)
}
const near = (found, least, most) => {
  if (!(found >= least && found <= most)) throw new Error(`${found} is not between ${least} and ${most}`)
}
const rejection = async (promise) => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not reject')
}
const thrown = (act) => {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('it did not throw')
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** An operation that fails so many times. */
const failing = (failures, error = new Error('down')) => {
  const operation = (attempt) => {
    operation.calls += 1
    operation.signal = attempt?.signal
    if (operation.calls <= failures) throw error
    return 'up'
  }
  operation.calls = 0
  return operation
}

/**
 * @typedef {{ core: any, breaker: any, hedge: any, twin: any, required?: any, others?: Record<string, [imported: object, required: object]>, decorated: any, legacy: any, using: any, blocks: boolean, leftBehind: string[] }} Runtime
 * @type {[group: string, name: string, check: (runtime: Runtime) => unknown, needs?: keyof Runtime][]}
 */
export const checks = [
  ['import', 'core has its exports', ({ core }) => equal([typeof core.retry, typeof core.Retrying, typeof core.expo], ['function', 'function', 'function'])],
  ['import', 'breaker and hedge have theirs', ({ breaker, hedge }) => equal([typeof breaker.CircuitBreaker, typeof hedge.hedge], ['function', 'function'])],
  ['import', 'so have all other entries, the same by require', ({ others }) => {
    for (const [name, [imported, required]] of Object.entries(others)) {
      if (Object.keys(imported).length === 0) throw new Error(`${name} exports nothing`)
      equal([name, Object.keys(required).sort()], [name, Object.keys(imported).sort()])
    }
  }, 'others'],
  ['import', 'loading leaves no global behind', ({ leftBehind }) => equal(leftBehind, [])],

  ['require', 'gives the same exports as import', ({ core, breaker, hedge, required }) => {
    for (const [name, imported] of Object.entries({ core, breaker, hedge })) equal(Object.keys(required[name]).sort(), Object.keys(imported).sort())
  }, 'required'],
  ['require', 'gives the same classes as import', ({ core, required }) => same(required.core.TimeoutError, core.TimeoutError), 'required'],

  ['retry', 'a first success needs one attempt', async ({ core }) => equal(await core.retry((attempt) => attempt.tries), 1)],
  ['retry', 'three attempts, then success', async ({ core }) => {
    const operation = failing(2)
    equal(await core.retry(operation, { wait: 1 }), 'up')
    equal(operation.calls, 3)
  }],
  ['retry', 'gives up with the very error', async ({ core }) => {
    const error = new Error('down')
    same(await rejection(core.retry(failing(9, error), { wait: 0, maxTries: 4 })), error)
  }],
  ['retry', 'retries a value', async ({ core }) => {
    let n = 0
    equal(await core.retry(() => ++n, { wait: 0, predicate: (value) => value < 3 }), 3)
  }],
  ['retry', 'other error classes pass', async ({ core }) => {
    const operation = failing(9, new TypeError('no'))
    equal((await rejection(core.retry(operation, { wait: 0, exception: RangeError }))).name, 'TypeError')
    equal(operation.calls, 1)
  }],
  ['retry', 'says what is wrong with an option', async ({ core }) => {
    const error = await rejection(core.retry(() => 1, { maxTries: 0.5 }))
    if (!error.message.includes('maxTries') || !error.message.includes('0.5')) throw error
  }],
  ['retry', 'hooks tell the story in order', async ({ core }) => {
    const told = []
    const tell = (event) => () => void told.push(event)
    await core.retry(failing(1), { wait: 1, onAttempt: tell('attempt'), onBackoff: tell('backoff'), onSuccess: tell('success') })
    equal(told, ['attempt', 'backoff', 'attempt', 'success'])
  }],

  ['wait', 'waits as long as it says', async ({ core }) => {
    const start = performance.now()
    await core.retry(failing(2), { wait: [40, 60], jitter: null })
    near(performance.now() - start, 95, Infinity)
  }],
  ['wait', 'expo doubles', ({ core }) => equal([1, 2, 3, 4].map((tries) => core.expo()({ tries })), [1000, 2000, 4000, 8000])],
  ['wait', 'full jitter stays within the wait', ({ core }) => {
    for (let i = 0; i < 100; i++) near(core.fullJitter(50), 0, 50)
  }],
  ['wait', 'Retry-After of a Response is obeyed', async ({ core }) => {
    const waits = []
    const answers = [new Response('', { status: 429, headers: { 'Retry-After': '2' } }), new Response('fine')]
    const response = await core.retry(() => answers.shift(), { predicate: ({ ok }) => !ok, wait: core.retryAfter(), sleep: (ms) => waits.push(ms) })
    equal([await response.text(), waits], ['fine', [2000]])
  }],
  ['wait', 'sleep sleeps', async ({ core }) => {
    const start = performance.now()
    await core.sleep(30)
    near(performance.now() - start, 25, Infinity)
  }],

  ['abort', 'an aborted signal runs nothing', async ({ core }) => {
    const operation = failing(0)
    equal(await rejection(core.retry(operation, { signal: AbortSignal.abort('stop') })), 'stop')
    equal(operation.calls, 0)
  }],
  ['abort', 'cuts a wait short with the identical reason', async ({ core }) => {
    const controller = new AbortController()
    const reason = new Error('left the page')
    setTimeout(() => controller.abort(reason), 20)
    same(await rejection(core.retry(failing(9), { wait: 60_000, signal: controller.signal })), reason)
  }],
  ['abort', 'reaches the signal of the attempt', async ({ core }) => {
    const controller = new AbortController()
    let seen
    const call = core.retry(({ signal }) => new Promise(() => signal.addEventListener('abort', () => (seen = signal.reason))), { signal: controller.signal })
    controller.abort('stop')
    equal([await rejection(call), seen], ['stop', 'stop'])
  }],
  ['abort', 'a late rejection is nobody’s business', async ({ core }) => {
    const call = core.retry(() => pause(20).then(() => Promise.reject(new Error('late'))), { signal: AbortSignal.timeout(5) })
    equal((await rejection(call)).name, 'TimeoutError')
    await pause(40)
  }],

  ['deadline', 'maxTime ends a hanging attempt', async ({ core }) => {
    const start = performance.now()
    const error = await rejection(core.retry(() => new Promise(() => {}), { maxTime: 40 }))
    equal([error instanceof core.TimeoutError, error.name], [true, 'TimeoutError'])
    near(performance.now() - start, 35, Infinity)
  }],
  ['deadline', 'no wait runs into maxTime', async ({ core }) => {
    const operation = failing(9)
    await rejection(core.retry(operation, { wait: 60_000, jitter: null, maxTime: 1_000 }))
    equal(operation.calls, 1)
  }],
  ['deadline', 'timeout() bounds each attempt', async ({ core }) => {
    let calls = 0
    const error = await rejection(core.retry(() => (calls++, new Promise(() => {})), { use: [core.timeout(10)], wait: 0, maxTries: 2 }))
    equal([error.name, calls], ['TimeoutError', 2])
  }],

  ['sync', 'without waits it works everywhere', ({ core }) => equal(core.retrySync(failing(2), { wait: 0 }), 'up')],
  ['sync', 'blocks where that is allowed, else says so', ({ core, blocks }) => {
    const start = performance.now()
    const act = () => core.retrySync(failing(1), { wait: 30, jitter: null })
    if (blocks) {
      equal(act(), 'up')
      near(performance.now() - start, 28, Infinity)
    } else {
      const { message } = thrown(act)
      if (!message.includes('blocking is not allowed') || !message.includes('sleep')) throw new Error(message)
    }
  }],
  ['sync', 'a sleep of one’s own is used instead', ({ core }) => {
    const waits = []
    equal(core.retrySync(failing(2), { wait: [5, 7], jitter: null, sleep: (ms) => void waits.push(ms) }), 'up')
    equal(waits, [5, 7])
  }],
  ['sync', 'refuses a promise', ({ core }) => equal(thrown(() => core.retrySync(async () => 1)).name, 'TypeError')],

  ['decorators', 'TC39', async ({ decorated }) => equal(await decorated(), ['up after 3', 'get', 1])],
  ['decorators', 'legacy', async ({ legacy }) => equal(await legacy(), ['up after 3', 'get', 1])],
  ['decorators', 'around a function', async ({ core }) => {
    let calls = 0
    const retried = core.onException(core.constant(1), Error)(async function fetchUser(id) {
      if (++calls < 2) throw new Error('down')
      return id
    })
    equal([await retried(7), retried.name, retried.length], [7, 'fetchUser', 1])
  }],

  ['iterator', 'for await', async ({ core }) => {
    const operation = failing(2)
    let result
    for await (const attempt of new core.Retrying({ wait: 1 })) result = await attempt.run(operation)
    equal([result, operation.calls], ['up', 3])
  }],
  ['iterator', 'for', ({ core }) => {
    const operation = failing(1)
    let result
    for (const attempt of new core.Retrying({ wait: 0 })) result = attempt.run(operation)
    equal([result, operation.calls], ['up', 2])
  }],
  ['iterator', 'throws the last error', async ({ core }) => {
    const error = new Error('down')
    const loop = async () => {
      for await (const attempt of new core.Retrying({ wait: 0 })) await attempt.run(failing(9, error))
    }
    same(await rejection(loop()), error)
  }],

  ['using', 'takes an override back', ({ using, core }) => equal(using.forced(core), [true, false])],
  ['using', 'await using ends what still runs', async ({ using, core }) => equal(await using.scope(core), 'AbortError')],

  ['breaker', 'opens, refuses, recovers', async ({ breaker }) => {
    const circuit = new breaker.CircuitBreaker({ failureThreshold: 2, recoveryTimeout: 30, name: 'users' })
    const down = failing(2)
    await rejection(circuit.call(down))
    await rejection(circuit.call(down))
    const refused = await rejection(circuit.call(down))
    equal([refused instanceof breaker.CircuitOpenError, refused.breaker, circuit.state, down.calls], [true, 'users', 'open', 2])
    await pause(40)
    equal([await circuit.call(down), circuit.state], ['up', 'closed'])
  }],
  ['breaker', 'an open circuit ends a retry', async ({ core, breaker }) => {
    const down = failing(9)
    const circuit = new breaker.CircuitBreaker({ failureThreshold: 2 })
    equal((await rejection(core.retry(down, { use: [circuit], wait: 0, maxTries: 5 }))).name, 'CircuitOpenError')
    equal(down.calls, 2)
  }],

  ['hedge', 'a second copy wins and the first is aborted', async ({ hedge }) => {
    const signals = []
    const result = await hedge.hedge(({ signal }) => {
      signals.push(signal)
      const mine = signals.length
      return mine === 1 ? new Promise(() => {}) : pause(5).then(() => mine)
    }, { wait: 15 })
    equal([result, signals[0].aborted, signals.length], [2, true, 2])
  }],
  ['hedge', 'a quick answer needs one copy', async ({ hedge }) => {
    let copies = 0
    equal([await hedge.hedge(() => ++copies, { wait: 1_000 }), copies], [1, 1])
  }],
  ['hedge', 'works inside a retry', async ({ core, hedge }) => {
    let copies = 0
    const result = await core.retry(() => (++copies < 4 ? Promise.reject(new Error('down')) : 'up'), { use: [hedge.hedging({ wait: 1_000, maxHedge: 2 })], wait: 0 })
    equal([result, copies], ['up', 4])
  }],

  ['two copies of core', 'an override of one rules the other', async ({ core, twin }) => {
    if (core.retry === twin.retry) throw new Error('it is the same copy')
    const operation = failing(9)
    const undo = twin.override({ maxTries: 1 })
    await rejection(core.retry(operation, { wait: 0, maxTries: 5 }))
    undo()
    equal(operation.calls, 1)
  }],
  ['two copies of core', 'a plugin of one hears the other', async ({ core, twin }) => {
    const told = []
    const undo = twin.use({ onGiveup: ({ tries }) => void told.push(tries) })
    await rejection(core.retry(failing(9), { wait: 0 }))
    undo()
    equal(told, [3])
  }],
  ['two copies of core', 'errors of one end a retry of the other', async ({ core, twin }) => {
    const operation = failing(9, new twin.NonRetryableError('no'))
    await rejection(core.retry(operation, { wait: 0 }))
    equal(operation.calls, 1)
  }],
]
