import { describe, expect, test } from 'vitest'
import type { Details, Stop } from '../types.ts'
import { stopAfterAttempt } from './after-attempt.ts'
import { stopAfterDelay } from './after-delay.ts'
import { stopAll } from './all.ts'
import { stopAny } from './any.ts'
import { stopBeforeDelay } from './before-delay.ts'
import { stopNever } from './never.ts'
import { stopWhenEventSet } from './when-event-set.ts'

const yes: Stop = () => true
const no: Stop = () => false
const asked = {} as Details

describe('stopAfterAttempt', () => {
  test.each([
    [1, [true, true, true, true]],
    [3, [false, false, true, true]],
    [Infinity, [false, false, false, false]],
  ])('(%d) after tries 1 to 4: %j', (tries, stops) => {
    expect([1, 2, 3, 4].map((tried) => stopAfterAttempt(tries)({ tries: tried } as Details))).toEqual(stops)
  })

  test.each([0, -1, 0.5, 1.5, NaN, -Infinity, '3', null, undefined, true])('refuses %j', (tries) => {
    expect(() => stopAfterAttempt(tries as never)).toThrow(/^tries must be an integer of 1 or more, or Infinity; got /)
  })
})

describe('stopAfterDelay', () => {
  test.each([
    [0, [true, true, true]],
    [100, [false, true, true]],
    [Infinity, [false, false, false]],
  ])('(%d) after 99, 100 and 101 ms: %j', (delay, stops) => {
    expect([99, 100, 101].map((elapsed) => stopAfterDelay(delay)({ elapsed, wait: 50 } as Details))).toEqual(stops)
  })
})

describe('stopBeforeDelay', () => {
  test.each([
    [60, 39, false],
    [60, 40, true],
    [60, 41, true],
    [100, 0, true],
    [60, undefined, false],
    [100, undefined, true],
  ])('(100) after %d ms, when %o ms of waiting are to come: %s', (elapsed, wait, stops) => {
    expect(stopBeforeDelay(100)({ elapsed, wait } as Details)).toBe(stops)
  })

  test('never stops at Infinity ms, except before an endless wait', () => {
    const stop = stopBeforeDelay(Infinity)
    expect([1e12, Infinity].map((wait) => stop({ elapsed: 5, wait } as Details))).toEqual([false, true])
  })
})

test.each([stopAfterDelay, stopBeforeDelay])('%o refuses what is no number of 0 or more', (stop) => {
  for (const delay of [-1, NaN, '5', null, undefined]) {
    expect(() => stop(delay as never)).toThrow(/^delay must be a number of 0 or more; got /)
  }
})

describe('stopWhenEventSet', () => {
  test('stops once the signal is aborted', () => {
    const controller = new AbortController()
    const stop = stopWhenEventSet(controller.signal)
    const before = stop(asked)
    controller.abort()
    expect([before, stop(asked)]).toEqual([false, true])
  })

  test('stops once isSet() says so, called on the event itself', () => {
    const event = {
      flag: false,
      isSet() {
        return this.flag
      },
    }
    const stop = stopWhenEventSet(event)
    const before = stop(asked)
    event.flag = true
    expect([before, stop(asked)]).toEqual([false, true])
  })

  test.each([undefined, null, {}, 5, 'x', () => true, { isSet: true }, { aborted: 1 }, new AbortController()])('refuses %o', (event) => {
    expect(() => stopWhenEventSet(event as never)).toThrow(/^event must be an AbortSignal or an object with isSet\(\); got /)
  })
})

describe('F-09 a promise is no answer', () => {
  const late = (async () => false) as unknown as () => boolean
  const rejecting = (async () => { throw new Error('boom') }) as unknown as () => boolean
  test.each<[string, Stop, string]>([
    ['stopAny', stopAny(no, late), 'a stop of stopAny'],
    ['stopAll', stopAll(late), 'a stop of stopAll'],
    ['stopWhenEventSet', stopWhenEventSet({ isSet: late }), 'isSet()'],
    ['one that rejects', stopAny(stopAll(rejecting)), 'a stop of stopAll'],
  ])('%s', async (_, stop, name) => {
    expect(() => stop(asked)).toThrow(new TypeError(`${name} must answer at once, not with a promise: decide inside the operation`))
    // A rejection that nobody handles would fail the run.
    await new Promise(setImmediate)
  })
})

test('takes an AbortSignal that has some isSet of its own for a signal', () => {
  const stop = stopWhenEventSet(Object.assign(AbortSignal.abort(), { isSet: true }) as never)
  expect(stop(asked)).toBe(true)
})

test('stopNever does not stop', () => {
  expect(stopNever()({ tries: 1e9, elapsed: 1e12 } as Details)).toBe(false)
})

test.each([
  [[], false, false],
  [[no], false, false],
  [[yes], true, true],
  [[no, yes], true, false],
  [[no, no], false, false],
  [[yes, yes], true, true],
])('of %j stopAny says %s and stopAll %s', (stops, any, all) => {
  expect([stopAny(...stops)(asked), stopAll(...stops)(asked)]).toEqual([any, all])
})

test('stopAny and stopAll hand on the record', () => {
  const late: Stop = (details) => details.tries > 2
  expect([stopAny(late)({ tries: 3 } as Details), stopAll(late)({ tries: 3 } as Details)]).toEqual([true, true])
})

test.each([stopAny, stopAll])('%o refuses what is no function', (stop) => {
  expect(() => stop(yes, 5 as never)).toThrow('stop must be a function; got 5')
  expect(() => stop([yes] as never)).toThrow('stop must be a function; got ')
})
