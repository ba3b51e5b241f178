import { afterEach, describe, expect, test, vi } from 'vitest'
import { emit } from './events.ts'
import { fork } from '../engine/attempt.ts'
import { retry } from '../shells/retry.ts'
import type { Attempt, Details, GiveupDetails } from '../types.ts'
import { use } from './use.ts'

afterEach(() => vi.unstubAllGlobals())
const fact = { tries: 1 } as Details

describe('emit', () => {
  test('tells the plugins given, or those of the process, outermost first', () => {
    const told: string[] = []
    const plugin = (name: string, innermost = false) => ({ innermost, onAttempt: () => void told.push(name) })
    using _inner = use(plugin('inner', true))
    using _outer = use(plugin('outer'))
    emit('onAttempt', fact)
    emit('onAttempt', fact, [plugin('given'), {}])
    expect(told).toEqual(['outer', 'inner', 'given'])
  })

  test('gives the fact to the method of the plugin', () => {
    const plugin = { seen: [] as unknown[], onGiveup(details: Details) { this.seen.push(details) } }
    emit('onGiveup', fact as GiveupDetails, [plugin])
    expect(plugin.seen).toEqual([fact])
  })

  test('reports what one throws or rejects, once, and tells the others', async () => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    const last = vi.fn()
    emit('onAttempt', fact, [{ onAttempt: () => { throw 1 } }, { onAttempt: async () => { throw 2 } }, { onAttempt: last }])
    await Promise.resolve()
    await Promise.resolve()
    expect(reportError.mock.calls.map(([error]) => error)).toEqual([1, 2])
    expect(last).toHaveBeenCalledTimes(1)
  })
})

describe('fork', () => {
  const parents = async (): Promise<Attempt> => {
    let attempt!: Attempt
    await retry((given) => void (attempt = given), { use: [{}] })
    return attempt
  }

  test('is aborted with its parent, with the same reason', async () => {
    const parent = await parents()
    const [a, b] = [fork(parent), fork(parent)]
    const grandchild = fork(a)
    const { signal } = grandchild
    parent.abort('all')
    for (const child of [a, b, grandchild]) expect([child.aborted, child.reason, child.signal.reason]).toEqual([true, 'all', 'all'])
    expect(signal.reason).toBe('all')
  })

  test('is aborted alone, once', async () => {
    const parent = await parents()
    const [a, b] = [fork(parent), fork(parent)]
    const onabort = vi.fn()
    a.whenAborted(onabort)
    a.abort('lost')
    a.abort('again')
    expect([a.signal.reason, b.aborted, parent.aborted]).toEqual(['lost', false, false])
    parent.abort('all')
    expect(a.reason).toBe('lost')
    expect(b.reason).toBe('all')
    expect(onabort).toHaveBeenCalledExactlyOnceWith('lost')
  })

  test('of an aborted parent is aborted', async () => {
    const parent = await parents()
    parent.abort('gone')
    const child = fork(parent)
    expect([child.aborted, child.signal.aborted, child.signal.reason]).toEqual([true, true, 'gone'])
  })

  test('shares tries, plugins and facts, not the signal', async () => {
    const parent = await parents()
    const child = fork(parent)
    expect([child.tries, child.plugins, child.details.call]).toEqual([parent.tries, parent.plugins, parent.details.call])
    expect(child.signal).not.toBe(parent.signal)
    expect(child.signal).toBe(child.signal)
  })

  test('keeps what hung on its parent before', async () => {
    const parent = await parents()
    const order: string[] = []
    parent.whenAborted(() => order.push('before'))
    const child = fork(parent)
    child.whenAborted(() => order.push('child'))
    parent.abort('x')
    expect(order).toEqual(['before', 'child'])
  })
})
