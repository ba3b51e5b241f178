import { afterEach, expect, test, vi } from 'vitest'
import { hang, settled } from '../../test/promises.ts'
import { error, fail, undoAll, virtual } from '../../test/setup.ts'
import { retry } from '../shells/retry.ts'
import { sleep } from '../time/sleep.ts'
import type { Plugin } from '../types.ts'

afterEach(undoAll)

test('a wait that the deadline has cut short does not end in another attempt while the end is told', async () => {
  const time = virtual()
  const operation = vi.fn(fail)
  // The handler makes the wait begin late: it would be over at 1,200, when `onGiveup` still runs.
  const end = settled(retry(operation, { wait: 100, jitter: null, maxTime: 150, beforeSleep: () => sleep(100), onGiveup: () => sleep(500) }))
  expect(await time.until(end)).toEqual(['rejected', error])
  expect([operation.mock.calls.length, time.now()]).toEqual([1, 1_650])
})

test('a handler that throws after the deadline ends the call as any other of its faults', async () => {
  const time = virtual()
  const fault = new Error('handler')
  const onAbort = vi.fn()
  const end = settled(retry(hang, { maxTime: 50, after: () => { throw fault }, use: [{ onAbort }] }))
  expect(await time.until(end)).toEqual(['rejected', fault])
  expect([onAbort.mock.calls.length, time.pending]).toEqual([1, 0])
})

test('whoever aborts during an attempt ends that one, whatever became of the one before it', async () => {
  virtual()
  const controller = new AbortController()
  const told: unknown[] = []
  const end = settled(retry((attempt) => {
    if (attempt.tries === 1) fail()
    attempt.whenAborted((reason) => told.push(reason))
    queueMicrotask(() => controller.abort('gone'))
    return hang()
  }, { wait: 0, signal: controller.signal }))
  expect([await end, told]).toEqual([['rejected', 'gone'], ['gone']])
})

test.each(['onAttempt', 'before', 'after', 'beforeSleep', 'onBackoff'] as const)('whoever aborts in a plugin\'s %s ends the call there: nothing further is told, nothing runs', async (event) => {
  virtual()
  const controller = new AbortController()
  const told: string[] = []
  const plugin: Plugin = Object.fromEntries(['onAttempt', 'before', 'after', 'beforeSleep', 'onBackoff'].map((name) => [name, () => {
    told.push(name)
    if (name === event) controller.abort('gone')
  }]))
  const operation = (): never => {
    told.push('operation')
    throw error
  }
  const end = settled(retry(operation, { wait: 100, signal: controller.signal, use: [plugin] }))
  expect(await end).toEqual(['rejected', 'gone'])
  const all = ['onAttempt', 'before', 'operation', 'after', 'beforeSleep', 'onBackoff']
  expect(told).toEqual(all.slice(0, all.indexOf(event) + 1))
})
