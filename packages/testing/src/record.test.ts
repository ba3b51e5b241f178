import { emit, type Operation, retry, sleep } from '@backon/core'
import { expect, it } from 'vitest'
import { virtualClock } from './clock.ts'
import { flaky, scripted } from './faults.ts'
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
    { name: 'cut', outcome: 'aborted', exception: 'enough', attempts: [{ outcome: 'aborted' }] },
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
