import { retry, retrySync } from '@backon/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { virtualClock } from './clock/clock.ts'
import { flaky } from './faults/faults.ts'
import { matchers } from './matchers.ts'
import { recordRetries } from './record/record.ts'
import type { Recording } from './record/recording.ts'

beforeAll(() => expect.extend(matchers))

const options = { wait: [10, 20, 30], jitter: null, maxTries: 9, name: 'load' }
const call = (failures: number) => (): Promise<string> => virtualClock().run(() => retry(flaky({ failures }), options))
const recorded = async (failures: number): Promise<Recording> => {
  using recording = recordRetries()
  await call(failures)().catch(() => {})
  return recording
}
const message = (assertion: () => unknown): string => {
  try {
    assertion()
  } catch (error: any) {
    return error.message
  }
  return 'it held'
}

describe('toHaveRetried', () => {
  it('holds and fails for a recording, and for one call of it', async () => {
    const recording = await recorded(2)
    expect(recording).toHaveRetried(3)
    expect(recording.calls[0]).toHaveRetried()
    expect(recording).not.toHaveRetried(2)
    expect(message(() => expect(recording).toHaveRetried(2))).toMatch(/^expected 2 tries; load made 3\n\n 0 ms {2}load {2}attempt 1 threw/)
    expect(message(() => expect(recording.calls[0]).toHaveRetried(2))).toBe('expected 2 tries; load made 3')
    expect(message(() => expect(recording).not.toHaveRetried(3))).toMatch(/^expected anything but 3 tries; load made 3/)
    expect(message(() => expect(recording).not.toHaveRetried())).toMatch(/^expected anything but a retry; load made 3/)
  })

  it('runs a function, and has to be awaited when that is asynchronous', async () => {
    await expect(call(2)).toHaveRetried(3)
    await expect(expect(call(2)).toHaveRetried(4)).rejects.toThrow('expected 4 tries; load made 3')
    expect(() => retrySync(flaky(), { wait: 0 })).toHaveRetried(2)
    expect(() => expect(() => retrySync(flaky(), { wait: 0 })).toHaveRetried(3)).toThrow('made 2')
  })

  it('shows the difference', async () => {
    const recording = await recorded(2)
    let error: any
    try {
      expect(recording).toHaveRetried(2)
    } catch (caught) {
      error = caught
    }
    expect(error).toMatchObject({ expected: 2, actual: 3 })
  })

  it('refuses what was not recorded', () => {
    expect(() => expect(7).toHaveRetried()).toThrow('received must be a recording, a recorded call or a function; got 7')
    expect(() => expect(() => 1).toHaveRetried(0)).toThrow('tries must be an integer of 1 or more; got 0')
  })
})

describe('toHaveGivenUp', () => {
  it('F-62 asks for the reason too', async () => {
    const recording = await recorded(9)
    expect(recording).toHaveGivenUp('exhausted')
    expect(recording.calls[0]).not.toHaveGivenUp('time')
    expect(message(() => expect(recording.calls[0]).toHaveGivenUp('time'))).toBe('expected a call that gave up by time; load ended in failure (exhausted)')
  })

  it('holds and fails', async () => {
    const [good, bad] = [await recorded(1), await recorded(9)]
    expect(bad).toHaveGivenUp()
    expect(bad.calls[0]).toHaveGivenUp()
    expect(good).not.toHaveGivenUp()
    expect(message(() => expect(good).toHaveGivenUp())).toMatch(/^expected a call that gave up; load ended in success/)
    expect(message(() => expect(bad).not.toHaveGivenUp())).toMatch(/^expected anything but a call that gave up; load ended in failure/)
    await expect(call(9)).toHaveGivenUp()
  })
})

describe('toHaveWaited', () => {
  it('holds and fails', async () => {
    const recording = await recorded(2)
    expect(recording).toHaveWaited([10, 20])
    expect(recording.calls[0]).toHaveWaited([10, expect.closeTo(20.001)])
    expect(recording).not.toHaveWaited([10])
    expect(message(() => expect(recording).toHaveWaited([10]))).toMatch(/^expected waits of \[10\]; load waited \[10, 20\]/)
    expect(message(() => expect(recording).toHaveWaited([10, 21]))).toMatch(/^expected waits of \[10, 21\]; load waited \[10, 20\]/)
    expect(await recorded(0)).toHaveWaited([])
    await expect(call(3)).toHaveWaited([10, 20, 30])
  })

  it('fails when there was no call', () => {
    expect(() => expect(() => 1).toHaveWaited([])).toThrow('expected waits of []; there was no call')
    expect(() => expect(() => 1).toHaveWaited(5 as never)).toThrow('waits must be a list; got 5')
  })
})

it('works without the helpers of a runner', async () => {
  const recording = await recorded(2)
  expect(matchers.toHaveWaited.call({}, recording, [10, 20])).toMatchObject({ pass: true })
  expect(matchers.toHaveWaited.call({}, recording, [20, 10])).toMatchObject({ pass: false })
})

it('is typed: an asynchronous function makes a promise of the assertion', () => {
  const types = (): unknown[] => [
    expect(call(1)).toHaveRetried(2).then(() => {}),
    // @ts-expect-error: a recording is judged at once
    expect({} as Recording).toHaveRetried(2).then(() => {}),
    // @ts-expect-error: a number
    expect(call(1)).toHaveRetried('2'),
    // @ts-expect-error: a list
    expect(call(1)).toHaveWaited(2),
  ]
  expect(types).toBeTypeOf('function')
})
