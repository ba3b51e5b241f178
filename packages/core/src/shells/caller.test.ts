import { describe, expect, test, vi } from 'vitest'
import { retryingCaller, retryingCallerSync } from './caller.ts'
import type { Details } from '../types.ts'

const quick = { wait: 0, sleep: () => {} }
const throws = (error: Error) => vi.fn((): never => {
  throw error
})

describe.each([['retryingCaller', retryingCaller], ['retryingCallerSync', retryingCallerSync]] as const)('%s', (name, make) => {
  const sync = name === 'retryingCallerSync'
  const end = async (action: () => unknown): Promise<unknown> => {
    try {
      return await action()
    } catch (error) {
      return error
    }
  }

  test('calls any function with its arguments, and says so in the records', async () => {
    const seen: Details[] = []
    const caller = make({ onSuccess: (details) => void seen.push(details) })
    const add = (a: number, b: number): number => a + b
    const result = caller(add, 1, 2)
    expect(result instanceof Promise).toBe(!sync)
    expect(await result).toBe(3)
    expect(await caller((text: string) => text.length, 'four')).toBe(4)
    expect(seen[0]).toMatchObject({ target: add, args: [1, 2], name: 'add' })
  })

  test('on: a copy that retries these errors only', async () => {
    const caller = make({ ...quick, maxTries: 2 })
    const [typeError, other] = [throws(new TypeError('type')), throws(new Error('other'))]
    const bound = caller.on(TypeError)
    await end(() => bound(typeError))
    await end(() => bound(other))
    expect([typeError.mock.calls.length, other.mock.calls.length]).toEqual([2, 1])
    await end(() => caller(other))
    expect(other).toHaveBeenCalledTimes(3)
    await end(() => bound.on([Error]).copy({ maxTries: 4 })(other))
    expect(other).toHaveBeenCalledTimes(7)
    expect(() => caller.on('TypeError' as never)).toThrow(/^exception must be/)
  })

  test('copy: some options replaced', async () => {
    const operation = throws(new Error('down'))
    const caller = make({ ...quick, maxTries: 2 })
    await end(() => caller.copy({ maxTries: 3 })(operation))
    await end(() => caller.copy()(operation))
    expect(operation).toHaveBeenCalledTimes(5)
    expect(() => caller.copy({ maxTries: 0 })).toThrow(RangeError)
  })

  test('works without options; options are checked when given, a function when it is called', async () => {
    expect(await make()(() => 1)).toBe(1)
    expect(() => make({ maxTries: 0 })).toThrow(RangeError)
    for (const fn of [undefined, null, 5, {}]) expect(await end(() => make()(fn as never))).toMatchObject({ message: expect.stringMatching(/^operation must be a function; got /) })
  })
})
