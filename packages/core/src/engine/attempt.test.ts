import { afterEach, describe, expect, test, vi } from 'vitest'
import { hang } from '../../test/promises.ts'
import { idle, virtualTime } from '../../test/time.ts'
import { override } from '../seams/override.ts'
import { retry } from '../shells/retry.ts'
import { retrySync } from '../shells/retry-sync.ts'
import { Retrying } from '../shells/retrying.ts'
import type { Attempt, Options, Undo } from '../types.ts'
import { CallAttempt, fork } from './attempt.ts'
import { alone } from './follow.ts'

const undos: Undo[] = []
afterEach(() => {
  undos.splice(0).forEach((undo) => undo())
  vi.unstubAllGlobals()
})

const attemptOf = async (options?: Options): Promise<Attempt> => {
  let attempt!: Attempt
  await retry((given) => void (attempt = given), options)
  return attempt
}
const bare = (): CallAttempt => new CallAttempt(1, [], undefined, () => ({}) as never, alone, 1)

describe('when a call must be over', () => {
  test('is said by each attempt, and by what is forked from it, on the clock in force', async () => {
    undos.push(override({ clock: virtualTime(1_000) }))
    const seen: unknown[] = []
    await retry((attempt) => void seen.push(attempt.deadline, fork(fork(attempt)).deadline), { maxTime: 70 })
    expect(seen).toEqual([1_070, 1_070])
  })

  test.each<[string, Options]>([['no bound', {}], ['no bound, and a call that can be cut short', { signal: new AbortController().signal }], ['an endless one', { maxTime: Infinity, signal: new AbortController().signal }]])(
    'is not said where there is %s',
    async (_, options) => {
      const attempt = await attemptOf(options)
      expect([attempt.deadline, fork(attempt).deadline]).toEqual([undefined, undefined])
    },
  )

  test('is asked of the attempt of another copy of core, where it is forked from one', () => {
    const foreign = { tries: 1, copy: 1, plugins: [], aborted: false, deadline: 5, sync: true, whenAborted: () => () => {} } as unknown as Attempt
    const child = fork(fork(foreign))
    expect([child.deadline, child.sync]).toEqual([5, true])
  })
})

test('an attempt says whether its call can wait, and so does what is forked from it', async () => {
  let blocking: Attempt | undefined
  retrySync((attempt) => void (blocking = attempt))
  const waiting = await attemptOf({ maxTime: 70 })
  expect([blocking!.sync, fork(blocking!).sync, waiting.sync, fork(waiting).sync, (await attemptOf()).sync]).toEqual([true, true, false, false, false])
})

describe('whenAborted', () => {
  test('tells who comes late at once', () => {
    const attempt = bare()
    attempt.abort('gone')
    const listener = vi.fn()
    attempt.whenAborted(listener)
    expect(listener.mock.calls).toEqual([['gone']])
  })

  test('tells nobody who has taken it back, and everybody else', () => {
    const attempt = bare()
    const [early, back, late] = [vi.fn(), vi.fn(), vi.fn()]
    attempt.whenAborted(early)
    const undo = attempt.whenAborted(back)
    attempt.whenAborted(late)
    undo()
    attempt.abort('gone')
    expect([early, back, late].map(({ mock }) => mock.calls)).toEqual([[['gone']], [], [['gone']]])
  })

  test('reports what a listener throws, and tells the others', () => {
    const report = vi.fn()
    vi.stubGlobal('reportError', report)
    const attempt = bare()
    const [fault, listener] = [new Error('listener'), vi.fn()]
    attempt.whenAborted(() => { throw fault })
    attempt.whenAborted(listener)
    attempt.abort('gone')
    expect([report.mock.calls, listener.mock.calls]).toEqual([[[fault]], [['gone']]])
  })

  test('reports nothing where nobody listens', () => {
    const report = vi.fn()
    vi.stubGlobal('reportError', report)
    bare().abort('gone')
    expect(report).not.toHaveBeenCalled()
  })

  test.each<[string, (policy: Retrying, controller: AbortController) => unknown]>([
    ['by the caller', (_, controller) => controller.abort('gone')],
    ['by who leaves the scope', (policy) => policy[Symbol.asyncDispose]()],
  ])('hears of an abort %s in a later attempt too, after the first has failed', async (_, leave) => {
    const policy = new Retrying({ wait: 0 })
    const controller = new AbortController()
    const heard: unknown[] = []
    const operation = (attempt: Attempt): Promise<never> => {
      attempt.whenAborted(() => heard.push(attempt.tries))
      return attempt.tries === 1 ? Promise.reject(new Error('down')) : hang()
    }
    const call = policy.run(operation, { signal: controller.signal }).catch(() => {})
    await idle()
    await leave(policy, controller)
    await call
    expect(heard).toEqual([2])
  })
})
