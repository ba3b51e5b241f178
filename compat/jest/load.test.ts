import { retry, retrySync, sleep, TimeoutError } from '@backon/core'
import { assertRetried, faultyServer, flaky, recordRetries, removeBackoff, virtualClock } from '@backon/testing'
import { matchers } from '@backon/testing/matchers'

expect.extend(matchers)

const load = (): Promise<string> => retry(flaky({ failures: 2 }), { wait: 1_000, jitter: null, name: 'load' })

test('an hour passes in no time', async () => {
  const clock = virtualClock()
  expect(await clock.run(() => retry(flaky({ failures: 60 }), { wait: 60_000, jitter: null, maxTries: 61 }))).toBe('ok')
  expect(clock.now()).toBe(3_600_000)
})

test('the matchers of jest know what was tried', async () => {
  await expect(() => virtualClock().run(load)).toHaveRetried(3)
  await expect(() => virtualClock().run(load)).toHaveWaited([1_000, 1_000])
  await expect(() => virtualClock().run(load)).not.toHaveGivenUp()
  await virtualClock().run(() => assertRetried(load, 3))
})

test('without waits, and recorded', async () => {
  const recording = recordRetries()
  expect(await removeBackoff(load)).toBe('ok')
  recording()
  expect(recording.calls).toMatchObject([{ name: 'load', tries: 3, waits: [0, 0] }])
})

test('synchronous calls pass virtual time', async () => {
  const clock = virtualClock()
  await clock.run(() => retrySync(flaky({ failures: 2 }), { wait: 1_000, jitter: null }))
  expect(clock.now()).toBe(2_000)
})

test('a real server is slow in virtual time', async () => {
  const clock = virtualClock()
  await clock.run(async () => {
    const server = await faultyServer([{ json: { name: 'Ada' }, delay: 60_000 }])
    expect(await (await fetch(server.url)).json()).toEqual({ name: 'Ada' })
    await server.close()
  })
  expect(clock.now()).toBe(60_000)
})

test('errors are those of this realm', async () => {
  await expect(virtualClock().run(() => retry(() => new Promise(() => {}), { maxTime: 50 }))).rejects.toBeInstanceOf(TimeoutError)
  await expect(retry(() => 1, { maxTries: 0 })).rejects.toBeInstanceOf(RangeError)
})

test('the fake timers of jest drive it too', async () => {
  jest.useFakeTimers()
  const call = load()
  await jest.runAllTimersAsync()
  expect(await call).toBe('ok')
  const asleep = sleep(5_000)
  await jest.advanceTimersByTimeAsync(5_000)
  await asleep
  jest.useRealTimers()
})
