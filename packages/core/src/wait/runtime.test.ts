import { expect, test, vi } from 'vitest'
import type { Details } from '../types.ts'
import { waitException } from './exception.ts'
import { runtime } from './runtime.ts'

const failed = { tries: 1, exception: { in: 40 } } as Details
const returned = { tries: 2, value: { in: 30 } } as Details

test('runtime waits what the exception or the value says', () => {
  const wait = runtime(({ in: ms }) => ms)
  expect([wait(failed), wait(returned)]).toEqual([40, 30])
})

test('RT-07 runtime sees an exception of undefined, not the value', () => {
  const value = vi.fn(() => 5)
  const details = { tries: 1, exception: undefined } as Details
  expect(runtime(value)(details)).toBe(5)
  expect(value).toHaveBeenCalledWith(undefined, details)
})

test('waitException waits what the exception says, and not at all after a value', () => {
  const wait = waitException(({ in: ms }, details) => ms * details.tries)
  expect([wait(failed), wait(returned)]).toEqual([40, 0])
})

test('RT-07 waitException sees an exception of undefined', () => {
  expect(waitException((exception) => (exception === undefined ? 7 : 8))({ exception: undefined } as Details)).toBe(7)
})

test.each([runtime, waitException])('%o is exact, may need the clock, and may run out', (strategy) => {
  const wait = strategy(() => undefined)
  expect(wait.exact).toBe(true)
  expect(wait.timeless).toBeUndefined()
  expect(wait(failed)).toBeUndefined()
})

test.each([
  [runtime, 'the function of runtime must answer at once'],
  [waitException, 'the function of waitException must answer at once'],
])('F-09 %o refuses a promise, and handles its rejection', async (strategy, message) => {
  for (const value of [async () => 5, () => Promise.reject(new Error('boom'))]) {
    expect(() => strategy(value as never)(failed)).toThrow(message)
  }
  // A rejection that nobody handles would fail the run.
  await new Promise(setImmediate)
})

test.each([runtime, waitException])('%o refuses what is no function', (strategy) => {
  expect(() => strategy(5 as never)).toThrow('value must be a function; got 5')
  expect(() => strategy(undefined as never)).toThrow(TypeError)
})
