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

/** A request of its own: the server answers it as the plan says, one word for each attempt. */
const asking = (server, plan) => {
  const id = `${Date.now()}-${Math.random()}`.replaceAll('.', '')
  const url = `${server}/fetch/${id}/${plan}`
  return { url, seen: async () => (await fetch(`${server}/fetch/${id}`)).json() }
}
/** Where nobody listens. */
const refusing = async (server) => (await fetch(`${server}/fetch/nobody`)).text()
const quick = { wait: 1 }
/** How a runtime calls an error, in one line. */
const called = (error) => {
  const parts = []
  for (let one = error, depth = 0; one && depth < 3; one = one.cause, depth++) parts.push(`${one.name}${one.code ? ` ${one.code}` : ''}: ${String(one.message).replaceAll(/\S*127\.0\.0\.1\S*/g, '…').split('\n')[0].slice(0, 90)}`)
  return parts.join(' ← ')
}

/**
 * @typedef {{ core: any, http: any, resume: any, limits: any, nesting: any, kit: any, diagnostics: any, server: string, sendsStreams?: boolean, hasProcess?: boolean, collect?: () => void, breaker: any, hedge: any, twin: any, required?: any, others?: Record<string, [imported: object, required: object]>, decorated: any, legacy: any, using: any, blocks: boolean, leftBehind: string[] }} Runtime
 * @type {[group: string, name: string, check: (runtime: Runtime) => unknown, needs?: keyof Runtime][]}
 */
export const checks = [
  ['import', 'core has its exports', ({ core }) => equal([typeof core.retry, typeof core.Retrying, typeof core.expo], ['function', 'function', 'function'])],
  ['import', 'breaker and hedge have theirs', ({ breaker, hedge }) => equal([typeof breaker.CircuitBreaker, typeof hedge.hedge], ['function', 'function'])],
  ['import', 'fetch and limit have theirs', ({ http, limits, resume }) => equal([typeof http.createFetch, typeof resume.resumable, typeof limits.limit], ['function', 'function', 'function'])],
  ['import', 'the kit and diagnostics load', ({ diagnostics, kit }) => equal([typeof kit.retryAfterOf, typeof diagnostics.diagnostics], ['function', 'function'])],
  ['import', 'so have all other entries, the same by require', ({ others }) => {
    for (const [name, [imported, required]] of Object.entries(others)) {
      if (Object.keys(imported).length === 0) throw new Error(`${name} exports nothing`)
      equal([name, Object.keys(required).sort()], [name, Object.keys(imported).sort()])
    }
  }, 'others'],
  ['import', 'loading leaves no global behind', ({ leftBehind }) => equal(leftBehind, [])],

  ['require', 'gives the same exports as import', ({ core, breaker, hedge, http, resume, limits, nesting, kit, diagnostics, required }) => {
    for (const [name, imported] of Object.entries({ core, breaker, hedge, http, resume, limits, nesting, kit, diagnostics })) equal(Object.keys(required[name]).sort(), Object.keys(imported).sort())
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

  ['limit', 'the third waits for its turn', async ({ limits }) => {
    const two = limits.limit({ concurrency: 2, queue: 5 })
    let running = 0
    let most = 0
    const values = await Promise.all([1, 2, 3, 4].map((n) => two.call(async () => {
      most = Math.max(most, ++running)
      await pause(5)
      running -= 1
      return n
    })))
    equal([values, most], [[1, 2, 3, 4], 2])
  }],
  ['limit', 'refuses, and says how full it is', async ({ limits }) => {
    const one = limits.limit({ name: 'api', concurrency: 1 })
    const first = one.call(() => pause(20))
    const error = await rejection(one.call(() => 1))
    equal([error.name, error.refused, error.message], ['LimitError', true, 'limit "api" is reached: 1 running, 0 waiting'])
    await first
  }],
  ['limit', 'a rate lets the next one start when it is time', async ({ limits }) => {
    const rate = limits.limit({ rate: { calls: 1, per: 30 }, queue: 5 })
    const start = performance.now()
    await Promise.all([1, 2, 3].map(() => rate.call(() => 1)))
    near(performance.now() - start, 55, Infinity)
  }],
  ['limit', 'a budget bounds the retries', async ({ core, limits }) => {
    const use = [new limits.RetryBudget({ credit: 2 })]
    const operation = failing(99)
    for (let n = 0; n < 5; n++) await rejection(core.retry(operation, { wait: 0, use }))
    equal(operation.calls, 7)
  }],
  ['limit', 'a throttle refuses what the service would', async ({ limits }) => {
    const busy = limits.throttle({ name: 'users', max: 1, k: 1, minRequests: 1 })
    for (let n = 0; n < 200; n++) await busy.call(() => Promise.reject(Object.assign(new Error('busy'), { status: 503 }))).catch(() => {})
    let refused = 0
    for (let n = 0; n < 50; n++) refused += (await rejection(busy.call(() => Promise.reject(Object.assign(new Error('busy'), { status: 503 }))))).name === 'ThrottledError' ? 1 : 0
    near(refused, 30, 50)
  }],

  ['nested', 'the inner retry runs once, or it is said what is missing', async ({ core, hasProcess, nesting }) => {
    if (!hasProcess) {
      const { message } = thrown(() => nesting.nested())
      if (!message.includes('AsyncLocalStorage')) throw new Error(message)
      return 'says that there is no AsyncLocalStorage'
    }
    const undo = core.use(nesting.nested())
    try {
      const inner = failing(99)
      await rejection(core.retry(() => core.retry(inner, { wait: 1 }), { wait: 1 }))
      equal(inner.calls, 3)
    } finally {
      undo()
    }
    return 'works'
  }],

  ['diagnostics', 'publishes, or it is said what is missing', async ({ core, diagnostics, hasProcess }) => {
    if (!hasProcess) {
      const { message } = thrown(() => diagnostics.diagnostics())
      if (!message.includes('node:diagnostics_channel')) throw new Error(message)
      return 'says that there is no channel'
    }
    const { subscribe } = process.getBuiltinModule('node:diagnostics_channel')
    const told = []
    subscribe('backon:call:giveup', ({ tries }) => void told.push(tries))
    await rejection(core.retry(failing(9), { wait: 0, use: [diagnostics.diagnostics()] }))
    equal(told, [3])
    return 'works'
  }],

  ['kit', 'reads Retry-After, and keeps one a key', ({ kit }) => {
    equal(kit.retryAfterOf(new Response('', { headers: { 'retry-after': '2' } })), 2000)
    const options = thrown(() => kit.nonNegative({ wait: -1 }))
    if (!options.message.includes('wait')) throw options
  }],

  ['fetch', 'a 503 is asked again, and the answer is the native one', async ({ http, server }) => {
    const { url, seen } = asking(server, '503,503,ok')
    const response = await http.createFetch(quick)(url)
    equal([response instanceof Response, response.status, response.url, response.redirected, await response.text()], [true, 200, url, false, 'ok'])
    equal((await seen()).length, 3)
  }],
  ['fetch', 'the last answer is given out, whatever its status', async ({ http, server }) => {
    const { url } = asking(server, '503')
    const response = await http.createFetch(quick)(url)
    equal([response.status, await response.text()], [503, 'busy'])
  }],
  ['fetch', 'a 404 is an answer', async ({ http, server }) => {
    const { url, seen } = asking(server, '404')
    equal([(await http.createFetch(quick)(url)).status, (await seen()).length], [404, 1])
  }],
  ['fetch', 'a POST that was answered by a 503 is sent once', async ({ http, server }) => {
    const { url, seen } = asking(server, '503')
    equal([(await http.createFetch(quick)(url, { method: 'POST', body: 'x' })).status, (await seen()).length], [503, 1])
  }],
  ['fetch', 'with a key it is sent again, with the same key', async ({ http, server }) => {
    const { url, seen } = asking(server, '503,ok')
    equal((await http.createFetch({ ...quick, idempotencyKey: true })(url, { method: 'POST', body: 'x' })).status, 200)
    const [first, second] = await seen()
    equal([first.key === second.key, first.key.length > 20], [true, true])
  }],
  ['fetch', 'text, buffers, blobs and forms are sent as often as it takes', async ({ http, server }) => {
    const form = new FormData()
    form.set('name', 'value')
    for (const body of ['text', new TextEncoder().encode('bytes'), new Blob(['blob']), new URLSearchParams({ a: '1' }), form]) {
      const { url, seen } = asking(server, '503,ok')
      equal((await http.createFetch(quick)(url, { method: 'PUT', body })).status, 200)
      const [first, second] = await seen()
      if (first.body.length < 3 || first.body.length !== second.body.length) throw new Error(JSON.stringify([first, second]))
    }
  }],
  ['fetch', 'a function makes a body for each attempt', async ({ http, server }) => {
    const { url, seen } = asking(server, '503,ok')
    let made = 0
    equal((await http.createFetch(quick)(url, { method: 'PUT', body: () => `body ${++made}` })).status, 200)
    equal((await seen()).map(({ body }) => body), ['body 1', 'body 2'])
  }],
  ['fetch', 'so it may be a stream', async ({ http, server }) => {
    const { url, seen } = asking(server, '503,ok')
    const stream = () => new Blob(['a stream']).stream()
    equal((await http.createFetch(quick)(url, { method: 'PUT', body: stream })).status, 200)
    equal((await seen()).map(({ body }) => body), ['a stream', 'a stream'])
  }, 'sendsStreams'],
  ['fetch', 'a stream itself is sent once', async ({ http, server }) => {
    const { url, seen } = asking(server, '503,ok')
    equal((await http.createFetch(quick)(url, { method: 'PUT', body: new Blob(['a stream']).stream() })).status, 503)
    equal((await seen()).map(({ body }) => body), ['a stream'])
  }, 'sendsStreams'],
  ['fetch', 'a Request is asked again; one with a body is sent once', async ({ http, server }) => {
    const get = asking(server, '503,ok')
    equal((await http.createFetch(quick)(new Request(get.url))).status, 200)
    const put = asking(server, '503,ok')
    equal((await http.createFetch(quick)(new Request(put.url, { method: 'PUT', body: 'x' }))).status, 503)
    equal([(await get.seen()).length, (await put.seen()).length], [2, 1])
  }],
  ['fetch', 'a lost connection: a GET is sent again', async ({ http, server }) => {
    for (const word of ['reset', 'close']) {
      const { url } = asking(server, `${word},ok`)
      equal((await http.createFetch(quick)(url)).status, 200)
    }
  }],
  ['fetch', 'a lost connection: a POST is not', async ({ http, server }) => {
    const { url, seen } = asking(server, 'reset,ok')
    const error = await rejection(http.createFetch(quick)(url, { method: 'POST', body: 'x' }))
    equal((await seen()).length, 1)
    return called(error)
  }],
  ['fetch', 'refused connections: a GET is sent again', async ({ http, server }) => {
    let attempts = 0
    const error = await rejection(http.createFetch({ ...quick, onAttempt: () => void attempts++ })(await refusing(server)))
    equal(attempts, 3)
    return called(error)
  }],
  ['fetch', 'refused connections: a POST, where that is proved', async ({ http, server }) => {
    let attempts = 0
    await rejection(http.createFetch({ ...quick, onAttempt: () => void attempts++ })(await refusing(server), { method: 'POST', body: 'x' }))
    near(attempts, 1, 3)
    return attempts === 3 ? 'sent again' : 'not sent again: nothing proves that it was not sent'
  }],
  ['fetch', 'waits as long as the server says', async ({ http, server }) => {
    const { url } = asking(server, '429,ok')
    const waits = []
    equal((await http.createFetch({ sleep: (ms) => void waits.push(ms) })(url)).status, 200)
    equal(waits, [7000])
  }],
  ['fetch', 'a timeout ends one attempt, and the next answers', async ({ http, server }) => {
    const { url } = asking(server, 'hang,ok')
    equal((await http.createFetch({ ...quick, timeout: 200 })(url)).status, 200)
  }],
  ['fetch', 'an abort before the headers: the identical reason', async ({ http, server }) => {
    const { url } = asking(server, 'hang')
    const controller = new AbortController()
    const reason = new Error('left the page')
    setTimeout(() => controller.abort(reason), 50)
    same(await rejection(http.createFetch(quick)(url, { signal: controller.signal })), reason)
  }],
  ['fetch', 'an abort in the body ends it', async ({ http, server }) => {
    const { url } = asking(server, 'stall')
    const controller = new AbortController()
    const reason = new Error('left the page')
    const response = await http.createFetch(quick)(url, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 50)
    const error = await rejection(response.text())
    return error === reason ? 'the identical reason' : called(error)
  }],
  ['fetch', 'maxTime ends the body', async ({ http, server }) => {
    const { url } = asking(server, 'stall')
    const response = await http.createFetch({ ...quick, maxTime: 300 })(url)
    return called(await rejection(response.text()))
  }],
  ['fetch', 'F-01 after a garbage collection they still end it', async ({ collect, http, server }) => {
    const controller = new AbortController()
    const reason = new Error('left the page')
    // Nothing here holds the responses.
    const read = async (options, init) => ({ text: (await http.createFetch({ ...quick, ...options })(asking(server, 'stall').url, init)).text().catch((error) => error) })
    const aborted = await read({}, { signal: controller.signal })
    const late = await read({ maxTime: 1_000 })
    for (let n = 0; n < 3; n++) {
      await pause(20)
      collect()
    }
    controller.abort(reason)
    same(await aborted.text, reason)
    equal((await late.text).name, 'TimeoutError')
  }, 'collect'],
  ['fetch', 'idle ends a silent body', async ({ http, server }) => {
    const { url } = asking(server, 'stall')
    const response = await http.createFetch({ ...quick, idle: 100 })(url)
    const copy = response.clone()
    equal([response.url, copy.url], [url, url])
    const reader = response.body.getReader()
    await reader.read()
    equal((await rejection(reader.read())).name, 'TimeoutError')
    return `read() says TimeoutError, text() says ${(await rejection(copy.text())).name}`
  }],
  ['fetch', 'redirects are followed, a loop is an error at once', async ({ http, server }) => {
    const { url } = asking(server, 'redirect')
    const response = await http.createFetch(quick)(url)
    equal([response.redirected, await response.text()], [true, 'ok'])
    let attempts = 0
    const error = await rejection(http.createFetch({ ...quick, onAttempt: () => void attempts++ })(asking(server, 'loop').url))
    // Where a loop is called as a lost connection is, nobody can know.
    near(attempts, 1, 3)
    return attempts === 1 ? `once: ${called(error)}` : `${attempts} attempts: ${called(error)}`
  }],
  ['fetch', 'a bad URL rejects once, as fetch does', async ({ http }) => {
    let attempts = 0
    const error = await rejection(http.createFetch({ ...quick, onAttempt: () => void attempts++ })('http://'))
    equal([attempts, error.name], [1, (await rejection(Promise.resolve().then(() => fetch('http://')))).name])
  }],
  ['fetch', 'ten large and two endless answers in between hold nothing', async ({ http, server }) => {
    const { url, seen } = asking(server, `${'large,'.repeat(10)}endless,endless,ok`)
    const response = await http.createFetch({ wait: 10, maxTries: 13 })(url)
    equal(await response.text(), 'ok')
    for (let n = 0; n < 40 && (await seen()).some(({ over }) => !over); n++) await pause(25)
    equal((await seen()).filter(({ over }) => !over).length, 0)
  }],
  ['fetch', 'HEAD and 204 have no body to wait for', async ({ http, server }) => {
    const { url } = asking(server, '503,204')
    const response = await http.createFetch(quick)(url, { method: 'HEAD' })
    equal([response.status, await response.text()], [204, ''])
  }],
  ['fetch', 'a breaker counts 503s, one an origin', async ({ breaker, http, server }) => {
    const breakers = new breaker.CircuitBreakers({ isFailure: http.isHttpFailure, failureThreshold: 2 })
    const call = http.createFetch({ ...quick, maxTries: 2, use: ({ origin }) => [breakers.get(origin)] })
    equal((await call(asking(server, '503').url)).status, 503)
    equal((await rejection(call(asking(server, 'ok').url))).name, 'CircuitOpenError')
  }],
  ['fetch', 'a hedge: the second copy answers, the first is let go', async ({ hedge, http, server }) => {
    const { url, seen } = asking(server, 'hang,ok')
    const call = http.createFetch({ ...quick, use: [hedge.hedging({ wait: 50, maxHedge: 2 })] })
    equal(await (await call(url)).text(), 'ok')
    for (let n = 0; n < 40 && !(await seen())[0].over; n++) await pause(25)
    equal((await seen())[0].over, true)
  }],
  ['fetch', 'attempts are counted in a header, if asked', async ({ http, server }) => {
    const { url, seen } = asking(server, '503,503,ok')
    await http.createFetch({ ...quick, attemptHeader: 'x-retry-count' })(url)
    equal((await seen()).map(({ count }) => count ?? '-'), ['-', '1', '2'])
  }],
  ['fetch', 'says what is wrong with an option', ({ http }) => {
    const { message } = thrown(() => http.createFetch({ maxRetryAfter: -1 }))
    if (!message.includes('maxRetryAfter')) throw new Error(message)
  }],
  ['fetch', 'a download that is cut off goes on', async ({ http, resume, server }) => {
    const { url, seen } = asking(server, 'cut,rest')
    const response = await resume.resumable(http.createFetch(quick), { wait: 1 })(url)
    const text = await response.text()
    equal([text.length, text.slice(119_990, 120_010), response.url], [200_000, '01234567890123456789', url])
    equal((await seen()).length, 2)
  }],
]
