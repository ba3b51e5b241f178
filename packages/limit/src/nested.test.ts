import { override, type Plugin, retry, retrySync, use } from '@backon/core'
import { hedging } from '@backon/hedge'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { gate } from '../test/time.ts'
import { attemptHeaders, fromRequest, nested, type NestedEvent } from './nested.ts'

const undos: (() => void)[] = []
afterEach(() => undos.splice(0).forEach((undo) => undo()))

const down = new Error('down')
/** Counts how often an operation runs in a retry that is made where it is called. */
const runs = async (plugins: readonly Plugin[] = [], name = 'inner'): Promise<number> => {
  let runs = 0
  await retry(() => {
    runs++
    throw down
  }, { name, wait: 0, use: plugins }).catch(() => {})
  return runs
}
/** Runs something in the only attempt of a retry. */
const inside = <T>(run: () => T, plugins: readonly Plugin[] = []) => retry(run, { name: 'outer', maxTries: 1, use: plugins })

describe('a retry inside an attempt of another', () => {
  test('runs once; each alone retries as ever', async () => {
    undos.push(use(nested()))
    expect([await runs(), await inside(() => runs())]).toEqual([3, 1])
  })

  test('three layers of three are three requests, not 27', async () => {
    undos.push(use(nested()))
    let requests = 0
    const layer = (inner: () => unknown) => () => retry(inner, { wait: 0 })
    await layer(layer(layer(() => {
      requests++
      throw down
    })))().catch(() => {})
    expect(requests).toBe(3)
  })

  test('takes part only where both have the plugin', async () => {
    expect(await inside(() => runs([nested()]))).toBe(3)
    expect(await inside(() => runs(), [nested()])).toBe(3)
    expect(await inside(() => runs([nested()]), [nested()])).toBe(1)
  })

  test('retries all the same with allow, also where the process has the plugin', async () => {
    undos.push(use(nested()))
    expect(await inside(() => runs([nested({ allow: true })]))).toBe(3)
  })

  test('the plugin of the process and one of the call do not take the call for its own outer one', async () => {
    undos.push(use(nested()))
    expect([await runs([nested()]), await inside(() => runs([nested()]))]).toEqual([3, 1])
  })

  test('may be synchronous', async () => {
    undos.push(use(nested()))
    let runs = 0
    expect(() => retrySync(() => retrySync(() => {
      runs++
      throw down
    }, { wait: 0 }), { wait: 0 })).toThrow(down)
    expect(runs).toBe(3)
  })

  test('its copies are marked too', async () => {
    undos.push(use(nested()))
    expect(await inside(() => runs(), [hedging({ wait: 0, maxHedge: 2 })])).toBe(1)
  })

  test('keeps its own last outcome and identity', async () => {
    undos.push(use(nested()))
    await expect(inside(() => retry(() => Promise.reject(down), { wait: 0 }))).rejects.toBe(down)
  })

  test('is told with both names, to the own options and to all plugins of the inner call', async () => {
    const seen: [string, NestedEvent][] = []
    const told = (who: string) => ({ onNested: (event: NestedEvent) => void seen.push([who, event]) })
    undos.push(use(nested(told('own'))), use(told('process')))
    await inside(() => runs([told('call')]))
    const event = { name: 'inner', outer: 'outer', call: expect.anything() }
    expect(seen).toEqual([['own', event], ['process', event], ['call', event]])
  })
})

describe('the mark dies', () => {
  test.each<[string, () => unknown]>([['value', () => 1], ['promise', () => Promise.resolve(1)], ['error', () => Promise.reject(down)], ['throw', () => { throw down }]])('when its attempt settles with a %s: work in the background is not nested', async (_, end) => {
    undos.push(use(nested()))
    let background: Promise<number> | undefined
    const go = gate()
    await inside(() => {
      background = go.promise.then(() => runs())
      return end()
    }).catch(() => {})
    go.resolve()
    expect(await background).toBe(3)
  })

  test('when its attempt is aborted, even if the operation goes on', async () => {
    undos.push(use(nested()))
    const controller = new AbortController()
    let background: Promise<number> | undefined
    const go = gate()
    const call = retry(() => (background = go.promise.then(() => runs())), { signal: controller.signal })
    controller.abort('gone')
    await expect(call).rejects.toBe('gone')
    go.resolve()
    expect(await background).toBe(3)
  })

  test('but not the one further out', async () => {
    undos.push(use(nested()))
    let background: Promise<number> | undefined
    const go = gate()
    await inside(async () => {
      await inside(() => {
        background = go.promise.then(() => runs())
      })
      go.resolve()
      expect(await background).toBe(1)
    })
  })
})

describe('over one hop', () => {
  test('headers say which attempt it is; nothing outside of one', async () => {
    undos.push(use(nested()))
    const sent: unknown[] = [attemptHeaders()]
    await retry(() => {
      sent.push(attemptHeaders())
      throw down
    }, { wait: 0, maxTries: 2 }).catch(() => {})
    expect(sent).toEqual([{}, { 'backon-attempt': '1' }, { 'backon-attempt': '2' }])
  })

  test('a handler of a request that is retried by its sender retries nothing, and sends no count of its sender on', async () => {
    const onNested = vi.fn()
    undos.push(use(nested({ onNested })))
    const request = fromRequest(new Headers({ 'Backon-Attempt': '2' }))
    const seen = await request.run(async () => [await runs(), attemptHeaders(), await inside(() => attemptHeaders())])
    expect([request.tries, seen, onNested.mock.calls[0]![0].outer]).toEqual([2, [1, {}, { 'backon-attempt': '1' }], ''])
  })

  test.each(['', '0', '-1', '1.5', '1e3', ' 2', '1234567890', undefined, ['1', '2'], 2])('%j is no count', async (value) => {
    undos.push(use(nested()))
    const request = fromRequest({ 'backon-attempt': value })
    expect([request.tries, await request.run(() => runs())]).toEqual([0, 3])
  })

  test('without headers there is none', () => {
    expect([fromRequest({}).tries, fromRequest(undefined as never).tries]).toEqual([0, 0])
  })
})

test('where there is no AsyncLocalStorage it says so when it is made', async () => {
  const shared = Symbol.for('@backon/limit/nested/1')
  const before = (globalThis as never)[shared]
  Object.assign(globalThis, { [shared]: undefined })
  vi.stubGlobal('process', { ...process, getBuiltinModule: undefined })
  expect(() => nested()).toThrow('nested() needs AsyncLocalStorage by process.getBuiltinModule, and this runtime has none')
  vi.unstubAllGlobals()
  Object.assign(globalThis, { [shared]: before })
})

test('is off with everything else', async () => {
  undos.push(use(nested()), override({ enabled: false }))
  expect(await inside(() => runs())).toBe(1)
})

test.each<[object, string]>([
  [{ allow: 1 }, 'allow must be a boolean; got 1'],
  [{ onNested: 'x' }, 'onNested must be a function; got "x"'],
])('refuses unusable options at once: %j', (options, message) => {
  expect(() => nested(options)).toThrow(message)
})
