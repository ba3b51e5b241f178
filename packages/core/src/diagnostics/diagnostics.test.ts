import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { emit } from '../seams/events.ts'
import { use } from '../seams/use.ts'
import { onException } from '../shells/decorate.ts'
import { retry } from '../shells/retry.ts'
import { Retrying } from '../shells/retrying.ts'
import type { Hooks } from '../types.ts'
import { diagnostics } from './diagnostics.ts'

const undos: (() => void)[] = []
afterEach(() => {
  undos.splice(0).forEach((undo) => undo())
  vi.unstubAllGlobals()
})
/** Collects what is published. */
const watch = (...names: string[]): [name: string, message: any][] => {
  const seen: [string, any][] = []
  for (const name of names) {
    const listener = (message: unknown, channel: unknown): void => void seen.push([String(channel).replace('backon:', ''), message])
    subscribe(`backon:${name}`, listener)
    undos.push(() => unsubscribe(`backon:${name}`, listener))
  }
  return seen
}
const all = ['attempt', 'outcome', 'backoff', 'success', 'giveup', 'abort'].map((name) => `call:${name}`)
const told = (event: string, fact: object, plugin = diagnostics()): void => emit(event as keyof Hooks, fact as never, [plugin])

describe('diagnostics', () => {
  test('who subscribes later hears of all calls, whatever policy they were made by', async () => {
    undos.push(use(diagnostics()))
    const one = async (): Promise<number> => 1
    const wrapped = onException(0, Error)(one)
    const policy = new Retrying()
    const shared = { wait: 0 }
    const enter = [() => retry(one), () => retry(one, shared), wrapped, () => policy.call(one), () => policy.run(one)]
    for (const call of enter) await call()
    const seen = watch('call:attempt', 'call:success')
    for (const call of enter) await call()

    expect(seen.map(([name]) => name)).toEqual(enter.flatMap(() => ['call:attempt', 'call:success']))
  })

  test('publishes each moment of a call, with its record', async () => {
    const seen = watch(...all)
    undos.push(use(diagnostics()))
    await retry(({ tries }) => {
      if (tries < 2) throw new TypeError()
      return tries
    }, { name: 'users', wait: 0 })

    expect(seen.map(([name, { tries }]) => [name, tries])).toEqual([
      ['call:attempt', 1], ['call:outcome', 1], ['call:backoff', 1], ['call:attempt', 2], ['call:outcome', 2], ['call:success', 2],
    ])
    expect(seen.at(-1)![1]).toMatchObject({ name: 'users', value: 2, end: 'success' })
  })

  test('says why a call gave up or was cut off', async () => {
    const seen = watch('call:giveup', 'call:abort')
    const plugin = diagnostics()
    await retry(() => Promise.reject(new TypeError()), { maxTries: 1, use: [plugin] }).catch(() => {})
    await retry(() => new Promise(() => {}), { signal: AbortSignal.timeout(1), use: [plugin] }).catch(() => {})

    expect(seen.map(([name, { end, reason }]) => [name, end, reason?.name])).toEqual([['call:giveup', 'tries', undefined], ['call:abort', 'abort', 'TimeoutError']])
  })

  test('publishes changes of circuits, and refusals with who refused', () => {
    const seen = watch('circuit', 'refused')
    const facts = ['onCircuitOpen', 'onCircuitHalfOpen', 'onCircuitClose', 'onCircuitReject', 'onLimitReject', 'onBudgetReject', 'onThrottleReject']
    for (const event of facts) told(event, { event })

    expect(seen).toEqual([
      ...facts.slice(0, 3).map((event) => ['circuit', { event }]),
      ...['circuit', 'limit', 'budget', 'throttle'].map((by, i) => ['refused', { by, event: facts[3 + i] }]),
    ])
  })

  test('has no hook while nobody subscribes, so that nothing is written down', () => {
    const plugin: any = diagnostics()
    expect([plugin.onSuccess, plugin.onAttempt, plugin.onCircuitOpen]).toEqual([undefined, undefined, undefined])
    watch('call:success')
    expect(plugin.onSuccess).toBeTypeOf('function')
    expect(plugin.onAttempt).toBeUndefined()
    undos.splice(0).forEach((undo) => undo())
    expect(plugin.onSuccess).toBeUndefined()
  })

  test('who subscribes after a policy was made is told of its calls', async () => {
    const policy = new Retrying({ name: 'users', use: [diagnostics()] })
    await policy.run(() => 1)
    const seen = watch('call:success')
    await policy.run(() => 2)

    expect(seen.map(([, { value }]) => value)).toEqual([2])
  })

  test('a subscriber that throws does not touch the call', async () => {
    const uncaught = vi.fn()
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException').on('uncaughtException', uncaught)
    const bad = (): never => {
      throw new Error('bad subscriber')
    }
    subscribe('backon:call:success', bad)

    await expect(retry(() => 1, { use: [diagnostics()] })).resolves.toBe(1)
    await new Promise((resolve) => setImmediate(resolve))
    unsubscribe('backon:call:success', bad)
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
    expect(uncaught.mock.calls.map(([error]) => error.message)).toEqual(['bad subscriber'])
  })

  test.for([undefined, {}, { getBuiltinModule: () => undefined }])('says so where the runtime has no such module: process is %j', (process) => {
    vi.stubGlobal('process', process)

    expect(diagnostics).toThrow('diagnostics() needs node:diagnostics_channel, and this runtime has no process.getBuiltinModule that gives it')
  })
})
