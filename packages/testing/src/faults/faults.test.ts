import { NonRetryableError, retry, retryAfter } from '@backon/core'
import { describe, expect, it } from 'vitest'
import { virtualClock } from '../clock/clock.ts'
import { chaos, FaultError, flaky, scripted, slow } from './faults.ts'

const outcomes = (fault: (attempt?: any) => unknown, runs: number): Promise<unknown[]> =>
  virtualClock().run(async () => {
    const seen: unknown[] = []
    for (let i = 0; i < runs; i++) seen.push(await new Promise((resolve) => resolve(fault())).catch((error: unknown) => error))
    return seen
  })

describe('flaky', () => {
  it('fails as often as told, then succeeds', () => {
    const operation = flaky({ failures: 2, value: 7 })
    expect(operation).toThrow('failure 1 of 2')
    expect(operation).toThrow('failure 2 of 2')
    expect([operation(), operation(), operation.runs, operation.name]).toEqual([7, 7, 4, 'flaky'])
  })

  it('throws the error it was given, undefined too, or the one made for the run', () => {
    const thrown = (operation: () => unknown): unknown => {
      try {
        return ['no error', operation()]
      } catch (error) {
        return error
      }
    }
    expect(thrown(flaky({ error: undefined }))).toBe(undefined)
    expect(thrown(flaky({ error: 'text' }))).toBe('text')
    expect(thrown(flaky({ error: (run: number) => `run ${run}` }))).toBe('run 1')
  })

  it('F-62 makes a new error of a class each time it throws', () => {
    class Busy extends Error {
      override name = 'Busy'
    }
    const operation = flaky({ failures: 2, error: Busy })
    const seen = [0, 1].map(() => {
      try {
        return operation()
      } catch (error) {
        return error
      }
    })
    expect(seen).toEqual([new Busy('failure 1 of 2'), new Busy('failure 2 of 2')])
    expect(seen[0]).not.toBe(seen[1])
    expect(operation()).toBe('ok')
    expect(flaky({ error: class {} })).toThrow()
    expect(flaky({ error: DOMException })).toThrow(DOMException)
  })

  it('F-62 says so when a class cannot be made with a message', () => {
    class HttpError extends Error {
      constructor(readonly response: { status: number }) {
        super(`status ${response.status.toFixed()}`)
      }
    }
    expect(flaky({ error: HttpError })).toThrow('error must be a class that is made with a message alone; new HttpError("failure 1 of 1") threw: give a function that makes it')
    expect(flaky({ error: () => new HttpError({ status: 503 }) })).toThrow('status 503')
  })

  it('never fails with 0 failures, and refuses less', () => {
    expect(flaky({ failures: 0 })()).toBe('ok')
    expect(() => flaky({ failures: -1 })).toThrow('failures must be a number of 0 or more; got -1')
  })
})

describe('scripted', () => {
  it('plays its steps in order', async () => {
    const seen = await outcomes(scripted(['503', 'reset', 'half', '204', 'ok', '429 retry-after 2'], 1), 6)
    expect(seen).toMatchObject([{ status: 503, headers: {} }, { code: 'ECONNRESET' }, { code: 'ECONNRESET' }, 1, 1, { status: 429, headers: { 'retry-after': '2' } }])
    expect(seen[0]).toBeInstanceOf(FaultError)
  })

  it('takes its time in slow steps', async () => {
    const clock = virtualClock()
    const operation = scripted(['slow 2000', 'slow 500 503'])
    expect(await clock.run(operation)).toBe('ok')
    expect(clock.now()).toBe(2_000)
    await expect(clock.run(operation)).rejects.toThrow('status 503')
    expect(clock.now()).toBe(2_500)
  })

  it('is ended by an abort alone when it stalls', async () => {
    const clock = virtualClock()
    await expect(clock.run(() => retry(scripted(['stall']), { maxTime: 1_000 }))).rejects.toThrow('no result within maxTime')
    await expect(scripted(['stall'])({ signal: AbortSignal.abort('gone') })).rejects.toBe('gone')
  })

  it('repeats the last step for ever when told to', async () => {
    expect(await outcomes(scripted(['503', 'ok', '...']), 4)).toMatchObject([{ status: 503 }, 'ok', 'ok', 'ok'])
  })

  it('has its end reported, and not retried', async () => {
    const operation = scripted(['503'])
    const run = virtualClock().run(() => retry(operation, { maxTries: 9 }))
    await expect(run).rejects.toThrow(NonRetryableError)
    await expect(run).rejects.toThrow('the script has 1 steps; this is run 2')
  })

  it('says what the server asked for, in a way that retryAfter() reads', async () => {
    const clock = virtualClock()
    await clock.run(() => retry(scripted(['429 retry-after 7', 'ok']), { wait: retryAfter() }))
    expect(clock.now()).toBe(7_000)
  })

  it('F-62 throws errors and classes of errors, and asks functions', async () => {
    const own = new RangeError('mine')
    const fails = (run: number): never => { throw new Error(`asked in ${run}`) }
    const seen = await outcomes(scripted([own, TypeError, TypeError, fails, (run) => Promise.resolve(run), '503', '...']), 7)
    expect(seen[0]).toBe(own)
    expect(seen.slice(1, 5)).toEqual([new TypeError('step 2'), new TypeError('step 3'), new Error('asked in 4'), 5])
    expect(seen.slice(5)).toMatchObject([{ status: 503 }, { status: 503 }])
  })

  it.each(['', 'okay', '99', '600', 'slow', 'slow x', '503 retry-after', '...', 7])('refuses the step %j', (step: any) => {
    expect(() => scripted([step])).toThrow(`step must be 'ok', 'reset'`)
  })
})

describe('slow', () => {
  it('takes that long before it runs the operation with its arguments', async () => {
    const clock = virtualClock()
    const operation = slow(300, (a: number, b: number) => a + b)
    expect(await clock.run(() => operation(1, 2))).toBe(3)
    expect([clock.now(), operation.runs]).toEqual([300, 1])
  })

  it('ends early when it is aborted', async () => {
    const clock = virtualClock()
    await expect(clock.run(() => retry(slow(9_000), { maxTime: 100 }))).rejects.toThrow('no result within maxTime, 100 ms')
    expect([clock.now(), clock.pending]).toEqual([100, 0])
  })
})

describe('chaos', () => {
  it('fails as often as told, in the same way for the same seed', async () => {
    const [one, again, other] = [await outcomes(chaos({ errorRate: 0.2 }), 500), await outcomes(chaos({ errorRate: 0.2 }), 500), await outcomes(chaos({ errorRate: 0.2, seed: 2 }), 500)]
    const failed = one.filter((outcome) => outcome instanceof FaultError).length
    expect(failed).toBeGreaterThan(70)
    expect(failed).toBeLessThan(130)
    expect(again).toEqual(one)
    expect(other).not.toEqual(one)
  })

  it('draws how long it takes', async () => {
    const clock = virtualClock()
    const operation = chaos({ errorRate: 0, latency: [10, 20] })
    await clock.run(async () => {
      for (let i = 0; i < 100; i++) {
        const before = clock.now()
        await operation()
        expect(clock.now() - before).toBeGreaterThanOrEqual(10)
        expect(clock.now() - before).toBeLessThanOrEqual(20)
      }
    })
    expect(Math.abs(clock.now() - 1_500)).toBeLessThan(100)
  })

  it('F-62 takes a class of errors too', async () => {
    expect(await outcomes(chaos({ errorRate: 1, error: TypeError }), 2)).toEqual([new TypeError('run 1'), new TypeError('run 2')])
  })

  it('refuses what is no share', () => {
    expect(() => chaos({ errorRate: 2 })).toThrow('errorRate must be a number from 0 to 1; got 2')
    expect(() => chaos({ latency: [5, 1] })).toThrow('latency must be a range from low to high: [min, max], max 5 or more; got 1')
  })
})
