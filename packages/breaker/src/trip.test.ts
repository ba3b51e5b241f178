import { describe, expect, test } from 'vitest'
import { consecutiveFailures, countWindow, timeWindow, type Trip } from './trip.ts'

/** Which of the outcomes, `x` a failure and `.` a success, open the circuit. */
const opens = (trip: Trip, outcomes: string): string => {
  const tally = trip()
  return Array.from(outcomes, (outcome, i) => (tally.record(outcome === 'x', i, 0) ? '!' : '-')).join('')
}

test.each<[string, Trip, string, string]>([
  ['three failures in a row', consecutiveFailures(3), 'xx.xxx', '-----!'],
  ['the first failure', consecutiveFailures(1), '.x', '-!'],
  ['five failures by default', consecutiveFailures(), 'xxxxx', '----!'],
  ['half of the last four', countWindow({ size: 4, failureRate: 0.5, minimumCalls: 4 }), 'xx..', '---!'],
  ['half of the last four, of which the oldest do not count', countWindow({ size: 4, failureRate: 0.5, minimumCalls: 4 }), 'x....x.x', '-------!'],
  ['all of the last two', countWindow({ size: 2, failureRate: 1 }), 'x.x.xx', '-----!'],
  ['never on fewer calls than the least', countWindow({ size: 9, failureRate: 0.1, minimumCalls: 3 }), 'x..', '--!'],
  ['half of 100, of which there must be 10, by default', countWindow(), 'xxxxxxxxxx', '---------!'],
  ['a window smaller than ten: all of it', countWindow({ size: 3 }), 'xxx', '--!'],
])('opens on %s', (_, trip, outcomes, expected) => {
  expect(opens(trip, outcomes)).toBe(expected)
})

test('counts the failures of the latest calls only', () => {
  const tally = countWindow({ size: 3 })()
  for (const failed of [true, true, false, false, true, false]) tally.record(failed, 0, 0)
  expect(tally.failures(0)).toBe(1)
})

test('opens on the share of failures in the time window', () => {
  const tally = timeWindow({ duration: 1_000, failureRate: 0.5, minimumCalls: 4 })()
  expect([true, false, false, true].map((failed, i) => tally.record(failed, i * 100, 1))).toEqual([false, false, false, true])
})

test.each([949, 1_000])('a call no longer counts %d ms later', (later) => {
  const tally = timeWindow({ duration: 1_000 })()
  tally.record(true, 10_049, 0)
  expect(tally.failures(10_049 + later - 49)).toBe(later === 949 ? 1 : 0)
})

test('forgets in twentieths of its duration, oldest first', () => {
  const tally = timeWindow({ duration: 1_000 })()
  for (let now = 0; now < 1_000; now += 50) tally.record(true, now, 0)
  expect([999, 1_000, 1_049, 1_050, 1_500, 1_949, 1_950, 5_000].map((now) => tally.failures(now))).toEqual([20, 19, 19, 18, 9, 1, 0, 0])
})

test('RT-23 an hour without calls empties it: as if fresh', () => {
  const [idle, fresh] = [0, 1].map(() => timeWindow({ duration: 60_000, minimumCalls: 10 })())
  for (let i = 0; i < 9; i++) idle!.record(true, i, 0)
  const hour = 3_600_000
  expect(idle!.failures(hour)).toBe(0)
  for (let i = 0; i < 30; i++) expect(idle!.record(i % 2 === 0, hour + i, 0)).toBe(fresh!.record(i % 2 === 0, hour + i, 0))
})

test('opens on the share of slow calls, failed ones included', () => {
  const tally = timeWindow({ minimumCalls: 4, failureRate: 1, slowCall: { duration: 100, rate: 0.75 } })()
  const calls: [boolean, number][] = [[false, 101], [true, 200], [false, 100], [false, 101]]
  expect(calls.map(([failed, took], i) => tally.record(failed, i, took))).toEqual([false, false, false, true])
  expect(tally).toMatchObject({ timed: true, slowAfter: 100 })
})

describe('F-52 a share is what it says', () => {
  test.each([[0.55, 55, 100], [0.07, 7, 100], [0.29, 29, 100], [1 / 3, 1, 3], [1 - 0.7, 3, 10], [0.57, 57, 100]])('%d is reached by %d of %d, not by one less', (failureRate, failures, calls) => {
    const rules: ((rate: number) => Trip)[] = [
      (failureRate) => countWindow({ size: calls, failureRate, minimumCalls: calls }),
      (failureRate) => timeWindow({ failureRate, minimumCalls: calls }),
    ]
    for (const rule of rules) {
      for (const failed of [failures, failures - 1]) {
        const tally = rule(failureRate)()
        let opened = false
        for (let i = 0; i < calls; i++) opened = tally.record(i < failed, 0, 0)
        expect(opened).toBe(failed === failures)
      }
    }
  })

  test('every share that can be written with two digits opens at its own hundredth', () => {
    for (let percent = 1; percent <= 100; percent++) {
      const tally = timeWindow({ minimumCalls: 100, failureRate: 1, slowCall: { duration: 1, rate: percent / 100 } })()
      const opens = Array.from({ length: 100 }, (_, i) => tally.record(false, 0, i < percent ? 2 : 0))
      expect([percent, opens.at(-1)]).toEqual([percent, true])
    }
  })
})

describe('slow calls', () => {
  const slow = (rate: number): Trip => timeWindow({ duration: 1_000, minimumCalls: 1, failureRate: 1, slowCall: { duration: 100, rate } })

  test('age out part by part, as failures do', () => {
    const tally = slow(0.5)()
    // Ten slow calls, each in a part of its own, then quick ones: each part that passes takes one slow call with it.
    for (let part = 0; part < 10; part++) tally.record(false, part * 50, 101)
    const opens = Array.from({ length: 14 }, (_, i) => tally.record(false, 950 + i * 50, 0))
    // 10 of 11 down to 5 of 10, then 4 of 10 …
    expect(opens.map((open) => (open ? '!' : '-')).join('')).toBe('!!!!!---------')
  })

  test('of exactly the slow duration are not slow', () => {
    expect([99.9, 100, 100.1].map((took) => slow(1)().record(false, 0, took))).toEqual([false, false, true])
  })

  test('are forgotten, as all calls are, by a clock that goes back', () => {
    const tally = slow(0.9)()
    tally.record(true, 5_000, 200)
    expect(tally.record(false, 4_000, 0)).toBe(false)
    expect(tally.failures(4_000)).toBe(0)
  })

  test('count before the clock begins as after', () => {
    const tally = timeWindow({ duration: 1_000, minimumCalls: 2, failureRate: 1 })()
    expect([tally.record(true, -5_000, 0), tally.record(true, -4_980, 0), tally.failures(-4_000)]).toEqual([false, true, 0])
  })
})

test('forgets slow calls with the time', () => {
  const tally = timeWindow({ duration: 1_000, minimumCalls: 1, slowCall: { duration: 100, rate: 0.9 } })()
  tally.record(false, 0, 50)
  expect(tally.record(false, 10, 200)).toBe(false)
  expect(tally.record(false, 2_000, 200)).toBe(true)
})

test('RT-25 agrees, call by call, with a count over all of 20,000 samples', () => {
  const duration = 1_000
  const part = duration / 20
  const tally = timeWindow({ duration, failureRate: 0.3, minimumCalls: 50 })()
  const samples: { at: number; failed: boolean }[] = []
  let now = 5_000
  let first = 0
  let seed = 7
  const draw = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  for (let i = 0; i < 20_000; i++) {
    now += draw() ** 4 * (i % 5_000 === 0 ? 3_000 : 2)
    const failed = draw() < 0.28
    samples.push({ at: now, failed })
    while (Math.floor(samples[first]!.at / part) <= Math.floor(now / part) - 20) first++
    const counted = samples.length - first
    let failures = 0
    for (let j = first; j < samples.length; j++) failures += +samples[j]!.failed
    expect(tally.record(failed, now, 0)).toBe(counted >= 50 && failures >= 0.3 * counted)
    if (i % 1_000 === 0) expect(tally.failures(now)).toBe(failures)
  }
})

test.each<[() => unknown, string]>([
  [() => consecutiveFailures(0), 'failureThreshold must be an integer of 1 or more, or Infinity; got 0'],
  [() => countWindow({ size: -1 }), 'size must be an integer of 1 or more, or Infinity; got -1'],
  [() => countWindow({ size: 2.5 }), 'size must be an integer of 1 or more, or Infinity; got 2.5'],
  [() => countWindow({ size: Infinity }), 'size must be an integer of 1 or more; got Infinity'],
  [() => countWindow({ failureRate: 1.1 }), 'failureRate must be a number above 0, at most 1; got 1.1'],
  [() => countWindow({ size: 5, minimumCalls: 6 }), 'minimumCalls must be at most size, which is 5; got 6'],
  [() => timeWindow({ duration: 0 }), 'duration must be a number above 0; got 0'],
  [() => timeWindow({ failureRate: 50 }), 'failureRate must be a number above 0, at most 1; got 50'],
  [() => timeWindow({ minimumCalls: 0 }), 'minimumCalls must be an integer of 1 or more, or Infinity; got 0'],
  [() => countWindow({ minimumCalls: 0 }), 'minimumCalls must be an integer of 1 or more, or Infinity; got 0'],
  [() => timeWindow({ slowCall: { duration: 0, rate: 1 } }), 'slowCall.duration must be a number above 0'],
  [() => timeWindow({ slowCall: { duration: 5 } as never }), 'slowCall.rate must be a number above 0, at most 1; got undefined'],
  [() => timeWindow({ slowCall: { duration: 5, rate: 2 } }), 'slowCall.rate must be a number above 0, at most 1; got 2'],
])('refuses what it cannot use: %s', (make, message) => {
  expect(make).toThrow(message)
})

test('RT-13 undefined is absent', () => {
  expect(opens(countWindow({ size: undefined, failureRate: undefined, minimumCalls: undefined }), 'xxxxxxxxxx')).toBe('---------!')
  expect(opens(timeWindow({ duration: undefined, slowCall: undefined }), 'xxxxxxxxxx')).toBe('---------!')
})
