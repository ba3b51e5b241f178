import { onException, retry, retryingCaller, Retrying, retrySync, sleep } from '@backon/core'
import { describe, expect, it } from 'vitest'
import { assertNotRetried, assertRetried, type RetryAssertionError } from './assert.ts'
import { virtualClock } from '../clock/clock.ts'
import { flaky } from '../faults/faults.ts'
import { seededRandom } from '../random.ts'
import { disableRetries, removeBackoff } from '../switches.ts'

const options = { wait: 0, maxTries: 5 }
const failing = flaky({ failures: Infinity, error: new Error('down') })

/** One call that needs three tries, by each way there is to make one. */
const entries: [string, () => unknown][] = [
  ['retry', () => retry(flaky({ failures: 2 }), options)],
  ['retrySync', () => retrySync(flaky({ failures: 2 }), options)],
  ['onException', () => onException(0, Error, { maxTries: 5 })(async () => operation())()],
  ['Retrying.call', () => new Retrying(options).call(flaky({ failures: 2 }))],
  ['Retrying.callSync', () => new Retrying(options).callSync(flaky({ failures: 2 }))],
  ['Retrying.wrap', () => new Retrying(options).wrap(flaky({ failures: 2 }))()],
  ['for await of Retrying', async () => {
    const operation = flaky({ failures: 2 })
    for await (const attempt of new Retrying(options)) await attempt.run(operation)
  }],
  ['retryingCaller', () => retryingCaller(options)(flaky({ failures: 2 }))],
]
let operation = flaky({ failures: 2 })

describe('assertRetried', () => {
  it.each(entries)('counts what really happened in %s, and fails for any other number', async (_, run) => {
    operation = flaky({ failures: 2 })
    expect((await Promise.resolve(assertRetried(run, 3))).calls).toHaveLength(1)
    for (const wrong of [1, 2, 4]) {
      operation = flaky({ failures: 2 })
      await expect((async () => assertRetried(run, wrong))()).rejects.toThrow(/made 3/)
    }
  })

  it('says both counts, the timeline and the seed when it fails', async () => {
    const fetchUser = flaky({ failures: 2, error: new TypeError('no\n route') })
    const failure: RetryAssertionError = await seededRandom(4, () =>
      virtualClock().run(() => assertRetried(() => retry(fetchUser, { wait: [1_000, 250.25], jitter: null, name: 'fetchUser' }), 2).catch((error) => error)),
    )
    expect(failure).toMatchObject({ name: 'AssertionError', expected: 2, actual: 3 })
    expect(failure.message).toBe(
      [
        'expected 2 tries; fetchUser made 3',
        '',
        '      0 ms  fetchUser  attempt 1 threw TypeError: no route',
        '      0 ms  fetchUser  waits 1000 ms',
        '   1000 ms  fetchUser  attempt 2 threw TypeError: no route',
        '   1000 ms  fetchUser  waits 250.25 ms',
        '1250.25 ms  fetchUser  attempt 3 returned "ok"',
        '1250.25 ms  fetchUser  success after 3 tries',
        'with seededRandom(4)',
      ].join('\n'),
    )
  })

  it('takes a call that fails in the end for an outcome, wrapped or not', async () => {
    await assertRetried(() => retry(failing, options), 5)
    await assertRetried(() => retry(failing, options).catch((cause) => Promise.reject(new Error('wrapped', { cause }))), 5)
    assertRetried(() => retrySync(failing, options), 5)
    await assertRetried(() => retry(() => Promise.reject(), options), 5)
  })

  it('F-62 takes what Promise.any makes of several calls that fail for an outcome', async () => {
    const fail = (failures: number, maxTries: number) => retry(flaky({ failures }), { ...options, maxTries })
    expect((await assertRetried(() => Promise.any([fail(9, 3), fail(9, 3)]), 3)).calls).toHaveLength(2)
    await expect(assertRetried(() => Promise.any([fail(9, 3), fail(9, 2)]), 3)).rejects.toThrow('expected 3 tries; flaky made 3, flaky made 2')
    await assertRetried(async () => {
      const results = await Promise.allSettled([fail(9, 3), fail(9, 3)])
      throw new AggregateError(results.map((result) => (result as PromiseRejectedResult).reason), 'all failed', { cause: results })
    }, 3)
  })

  it('F-62 does not take an AggregateError for an outcome when there is something else in it', async () => {
    const mistake = new TypeError('in the test')
    await expect(assertRetried(() => Promise.any([retry(failing, options), Promise.reject(mistake)]), 5)).rejects.toMatchObject({ errors: [expect.any(Error), mistake] })
    const round = new AggregateError([] as Error[], 'round')
    round.errors.push(round)
    await expect(assertRetried(() => Promise.reject(round), 5)).rejects.toBe(round)
    await expect(assertRetried(() => Promise.any([]), 1)).rejects.toThrow(AggregateError)
  })

  it('F-62 leaves a call out that was still running when another one ended the function', async () => {
    await virtualClock().run(() => assertRetried(() => Promise.all([retry(failing, { wait: 1, jitter: null, maxTries: 3 }), retry(failing, { wait: 2, jitter: null, maxTries: 9 })]), 3))
    await virtualClock().run(() => assertRetried(() => Promise.race([retry(flaky(), { wait: 3, jitter: null }), retry(failing, { wait: 1, jitter: null, maxTries: 9 })]), 2))
  })

  it('F-62 takes an abort for an outcome', async () => {
    const cut = new AbortController()
    const aborted = async (): Promise<unknown> => {
      const call = retry(failing, { wait: 1_000, jitter: null, signal: cut.signal })
      await sleep(500)
      cut.abort(new Error('enough'))
      return call
    }
    const { calls } = await virtualClock().run(() => assertRetried(aborted, 1))
    expect(calls).toMatchObject([{ outcome: 'aborted', end: 'abort', reason: new Error('enough') }])
  })

  it('does not hide any other error', async () => {
    const mistake = new Error('in the test')
    await expect(assertRetried(async () => { await retry(flaky(), options); throw mistake }, 2)).rejects.toBe(mistake)
    expect(() => assertRetried(() => { throw mistake }, 1)).toThrow(mistake)
    mistake.cause = mistake
    expect(() => assertRetried(() => { throw mistake }, 1)).toThrow(mistake)
  })

  it('looks at the calls that were retried, and wants the same of each', async () => {
    const both = (a: number, b: number) => () => Promise.all([retry(flaky({ failures: a }), options), retry(flaky({ failures: b }), options)])
    await assertRetried(both(0, 2), 3)
    await assertRetried(both(2, 2), 3)
    await assertRetried(both(0, 0), 1)
    await expect(assertRetried(both(1, 2), 3)).rejects.toThrow('expected 3 tries; flaky made 2, flaky made 3')
  })

  it('fails when there was no call, or none that could be seen', async () => {
    expect(() => assertRetried(() => {}, 1)).toThrow('expected 1 try; there was no call\n\nnothing was recorded: no call was made, or retries are disabled')
    await expect(disableRetries(() => assertRetried(() => retry(flaky(), options), 1))).rejects.toThrow('failure 1 of 1')
    await expect(disableRetries(() => assertRetried(() => retry(flaky({ failures: 0 }), options), 1))).rejects.toThrow('there was no call')
  })

  it('sees its own function alone', async () => {
    const call = (failures: number) => () => virtualClock().run(() => retry(flaky({ failures }), { maxTries: 9 }))
    const [one, other] = await Promise.all([assertRetried(call(4), 5), assertRetried(call(2), 3), call(6)()])
    expect([one.calls, other.calls]).toMatchObject([[{ tries: 5 }], [{ tries: 3 }]])
  })

  it('leaves no plugin behind, however it ends', async () => {
    await assertRetried(() => retry(failing, options), 5)
    assertRetried(() => retrySync(failing, options), 5)
    await expect(assertRetried(() => Promise.reject(new Error('mine')), 1)).rejects.toThrow('mine')
    expect(() => assertRetried(() => {}, 1)).toThrow('there was no call')
    expect((globalThis as any)[Symbol.for('@backon/core/1')].outer).toEqual([])
  })

  it.each([0, 1.5, Number.NaN, '3'])('refuses %s tries', (tries: any) => {
    expect(() => assertRetried(() => {}, tries)).toThrow('expectedTries must be an integer of 1 or more')
    expect(() => assertRetried(7 as any, 1)).toThrow('run must be a function; got 7')
  })
})

describe('assertNotRetried', () => {
  it('holds for a call that made one try, whatever came of it', async () => {
    await assertNotRetried(() => retry(() => 1))
    await assertNotRetried(() => retry(failing, { exception: TypeError }))
    await assertNotRetried(() => removeBackoff(() => retry(failing, { maxTries: 1 })))
    expect(assertNotRetried(() => retrySync(() => 1)).calls).toMatchObject([{ tries: 1, outcome: 'success', value: 1 }])
    assertNotRetried(() => {})
  })

  it.each(entries)('fails when %s retried', async (_, run) => {
    operation = flaky({ failures: 2 })
    await expect((async () => assertNotRetried(run))()).rejects.toThrow(/^expected no retry; .* made 3/)
  })
})
