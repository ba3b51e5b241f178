import { emit, type Operation, type Options, retry, sleep } from '@backon/core'
import { expect, it } from 'vitest'
import { virtualClock } from '../clock/clock.ts'
import { flaky, scripted } from '../faults/faults.ts'
import { recordRetries } from './record.ts'

const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch(() => {})

it('records calls with their attempts, waits and outcomes', async () => {
  using recording = recordRetries()
  await virtualClock().run(async () => {
    const options = { wait: [100, 200], jitter: null }
    await retry(scripted(['503', 'slow 30']), { ...options, name: 'good' })
    await settled(retry(flaky({ failures: 9, error: 'no' }), { ...options, name: 'bad' }))
    await settled(retry(() => new Promise(() => {}), { maxTime: 50, name: 'hung' }))
    const cut = new AbortController()
    const aborted = settled(retry(() => new Promise(() => {}), { signal: cut.signal, name: 'cut' }))
    await sleep(5)
    cut.abort('enough')
    await aborted
    await retry(() => 0, { predicate: (value) => value === 0, maxTries: 1, name: 'value' })
    void retry(() => new Promise(() => {}), { name: 'open' })
    await sleep(1)
  })
  expect(recording.calls).toMatchObject([
    {
      name: 'good',
      outcome: 'success',
      value: 'ok',
      tries: 2,
      waits: [100],
      attempts: [
        { tries: 1, at: 0, outcome: 'threw', exception: { status: 503 }, duration: 0 },
        { tries: 2, at: 100, outcome: 'returned', value: 'ok', duration: 30 },
      ],
    },
    { name: 'bad', outcome: 'failure', exception: 'no', tries: 3, waits: [100, 200] },
    { name: 'hung', outcome: 'failure', exception: { name: 'TimeoutError' }, attempts: [{ outcome: 'threw', duration: 50 }] },
    { name: 'cut', outcome: 'aborted', end: 'abort', reason: 'enough', attempts: [{ outcome: 'aborted' }] },
    { name: 'value', outcome: 'failure', value: 0 },
    { name: 'open', outcome: 'running', attempts: [{ outcome: 'running' }] },
  ])
  expect(String(recording).split('\n')).toContain('485 ms  cut    aborted in attempt 1')
})

it('records what breakers and hedges say, with the call it is about', async () => {
  using recording = recordRetries()
  const circuit = { breaker: 'users', retryAfter: 0, cause: undefined }
  const plugin = {
    wrap: <T>(next: Operation<T>): Operation<T> => (attempt) => {
      const { call } = attempt.details
      const told: [string, object][] = [
        ['onCircuitOpen', { ...circuit, call, from: 'closed', to: 'open' }],
        ['onCircuitReject', { ...circuit, call, from: 'open', to: 'open' }],
        ['onHedge', { ...attempt.details, copy: 2 }],
        ['onHedgeWin', { ...attempt.details, copy: 2 }],
      ]
      for (const [event, facts] of told) emit(event as never, facts as never, attempt.plugins)
      return next(attempt)
    },
  }
  await retry(() => 1, { use: [plugin], name: 'getUser' })
  emit('onCircuitClose' as never, { ...circuit, call: undefined, from: 'half-open', to: 'closed' } as never)
  const [call] = recording.calls
  expect(recording.events.map((event) => [event.event, event.call])).toEqual([
    ['onCircuitOpen', call],
    ['onCircuitReject', call],
    ['onHedge', call],
    ['onHedgeWin', call],
    ['onCircuitClose', undefined],
  ])
  expect(String(recording).replaceAll(/^ *[\d.]+ ms {2}/gm, '').split('\n')).toEqual([
    'circuit "users"  closed → open',
    'circuit "users"  refuses a call while open',
    'getUser          hedge: copy 2 starts',
    'getUser          hedge: copy 2 has won',
    'getUser          attempt 1 returned 1',
    'getUser          success after 1 try',
    'circuit "users"  half-open → closed',
  ])
})

/** Refuses attempts, as an open circuit, a full limit or a spent budget does. */
const refusing = (refusedBy: string, event?: string, times = Infinity) => ({
  wrap: <T>(next: Operation<T>): Operation<T> => (attempt) => {
    if (times-- <= 0) return next(attempt)
    if (event) emit(event as never, { ...attempt.details, [refusedBy]: 'db' } as never, attempt.plugins)
    throw Object.assign(new Error(`${refusedBy} refuses`), { refused: true, refusedBy })
  },
})

it('F-62 says which attempts were refused, each once, and by whom', async () => {
  using recording = recordRetries()
  const options = { wait: 0, maxTries: 3, name: 'load' }
  await settled(retry(() => 1, { ...options, use: [refusing('limit', 'onLimitReject', 1)] }))
  await settled(retry(() => 1, { ...options, use: [refusing('circuit', 'onCircuitReject')] }))
  await settled(retry(() => 1, { ...options, use: [refusing('throttle')] }))
  expect(recording.calls.map(({ tries, refusals }) => [tries, refusals])).toEqual([
    [2, ['limit']],
    [3, ['circuit', 'circuit', 'circuit']],
    [3, ['throttle', 'throttle', 'throttle']],
  ])
  expect(recording.calls[0]!.attempts.map(({ outcome }) => outcome)).toEqual(['refused', 'returned'])
  expect(recording.events.filter(({ event }) => event === 'onLimitReject')).toHaveLength(1)
  expect(String(recording)).toMatch(/load +attempt 1 was refused: Error: limit refuses/)
})

it('F-62 counts hedged copies, those that were refused and those that failed', async () => {
  using recording = recordRetries()
  const hedging = {
    wrap: <T>(next: Operation<T>): Operation<T> => (attempt) => {
      const tell = (event: string, facts: object) => emit(event as never, { ...attempt.details, ...facts } as never, attempt.plugins)
      tell('onHedge', { copy: 2 })
      tell('onHedgeFail', { copy: 2, exception: new Error('no route') })
      tell('onHedge', { copy: 3 })
      tell('onLimitReject', { limit: 'db' })
      return next(attempt)
    },
  }
  await retry(() => 1, { use: [hedging], name: 'load' })
  expect(recording.calls).toMatchObject([{ tries: 1, copies: 2, refusals: ['limit'], attempts: [{ outcome: 'returned', copies: 3 }] }])
  expect(String(recording)).toContain('hedge: copy 2 failed: Error: no route')
  expect(String(recording)).toMatch(/limit "db" +refuses/)
})

it('F-62 says how each call has ended', async () => {
  using recording = recordRetries()
  await virtualClock().run(async () => {
    const all: Options[] = [{ maxTries: 1 }, { wait: [5] }, { maxTime: 1_000, wait: 600 }, { exception: TypeError }, { stop: () => true }, { giveup: () => true }]
    for (const options of all) await settled(retry(flaky({ failures: 9 }), { jitter: null, ...options }))
    await retry(() => 1)
  })
  expect(recording.calls.map(({ end }) => end)).toEqual(['tries', 'exhausted', 'time', 'fatal', 'stop', 'giveup', 'success'])
})

it('tells an abort in a wait from one in an attempt', async () => {
  using recording = recordRetries()
  await virtualClock().run(() => settled(retry(flaky(), { wait: 100, jitter: null, signal: stopping(50), name: 'load' })))
  expect(String(recording)).toContain('aborted in the wait after attempt 1')
  expect(recording.calls).toMatchObject([{ end: 'abort', reason: 'enough', attempts: [{ outcome: 'threw' }] }])
})

/** A signal that aborts after so many ms. */
const stopping = (ms: number): AbortSignal => {
  const controller = new AbortController()
  void sleep(ms).then(() => controller.abort('enough'))
  return controller.signal
}

it('stops when it is undone, and keeps what it has', async () => {
  const recording = recordRetries()
  await retry(() => 1)
  recording()
  await retry(() => 2)
  expect(recording.calls).toHaveLength(1)
})

it('says what was returned or thrown in a few words', async () => {
  using recording = recordRetries()
  const values = [undefined, null, 1n, Symbol('s'), [1], { a: 1 }, new Map(), Object.create(null), function named() {}, 'x'.repeat(200)]
  for (const value of values) await settled(retry(() => { throw value }, { maxTries: 1 }))
  const said = String(recording).split('\n').filter((line) => line.includes('attempt')).map((line) => line.split(' threw ')[1])
  expect(said).toEqual(['undefined', 'null', '1', 'Symbol(s)', 'Array', 'Object', 'Map', 'Object', 'function named', `"${'x'.repeat(98)}…`])
})
