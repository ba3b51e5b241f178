import { describe, expect, test, vi } from 'vitest'
import { log, type Logger } from './log.ts'
import { retry } from '../shells/retry.ts'

const recorder = () => {
  const lines: string[] = []
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`)
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } satisfies Logger }
}
const flat = { wait: 10.4, jitter: null, sleep: () => {} }
const fetchUser = (): never => {
  throw new TypeError('no network')
}

describe('log', () => {
  test('tells waits and the end of a call that fails', async () => {
    const { lines, logger } = recorder()
    await retry(fetchUser, { ...flat, use: [log(logger)] }).catch(() => {})
    expect(lines).toEqual([
      'info: fetchUser: attempt 1 failed, next in 10 ms: TypeError: no network',
      'info: fetchUser: attempt 2 failed, next in 10 ms: TypeError: no network',
      'error: fetchUser: gave up after 3 attempts: TypeError: no network',
    ])
  })

  test('tells an abort, an unwanted value, one attempt, a call without name', async () => {
    const { lines, logger } = recorder()
    const use = [log(logger)]
    await retry((() => () => 0)(), { ...flat, predicate: () => true, maxTries: 1, use })
    await retry(fetchUser, { ...flat, use, onBackoff: () => { throw new Error('own') } }).catch(() => {})
    expect(lines).toEqual([
      'error: anonymous call: gave up after 1 attempt: unwanted value 0',
      'info: fetchUser: cut off after 1 attempt: Error: own',
    ])
  })

  test('levels: each its own, null for not at all, success only after more than one attempt', async () => {
    const { lines, logger } = recorder()
    const use = [log(logger, { backoff: null, giveup: 'warn', abort: undefined, success: 'debug' })]
    let runs = 0
    await retry(() => 1, { ...flat, name: 'easy', use })
    await retry(() => (++runs < 2 ? fetchUser() : 1), { ...flat, name: 'hard', use })
    await retry(fetchUser, { ...flat, use }).catch(() => {})
    expect(lines).toEqual(['debug: hard: succeeded after 2 attempts', 'warn: fetchUser: gave up after 3 attempts: TypeError: no network'])
  })

  test('never tells arguments, and survives what cannot be shown', async () => {
    const { lines, logger } = recorder()
    const secret = Object.create(null)
    await retry(() => Promise.reject(secret), { ...flat, name: 'odd', maxTries: 1, use: [log(logger)] }).catch(() => {})
    expect(lines).toEqual(['error: odd: gave up after 1 attempt: object'])
  })

  test('calls the logger as a method of itself, and a logger that throws changes nothing', async () => {
    class Own {
      lines: string[] = []
      info(message: string): void {
        this.lines.push(message)
      }
      error(): void {
        throw new Error('disk full')
      }
    }
    const own = new Own()
    vi.stubGlobal('reportError', vi.fn())
    await expect(retry(fetchUser, { ...flat, use: [log(own)] })).rejects.toThrow('no network')
    expect(own.lines).toHaveLength(2)
    expect(reportError).toHaveBeenCalledTimes(1)
    vi.unstubAllGlobals()
  })

  test('needs a method for each level in use, and only for those', () => {
    expect(() => log({})).toThrow(/^logger must be an object with a method info; got object/)
    expect(() => log({ info: () => {} })).toThrow(/a method error/)
    expect(() => log(null as never)).toThrow(/^logger must be/)
    expect(() => log({ info: () => {} }, { giveup: 'loud' as never })).toThrow(/a method loud/)
    expect(() => log({}, { backoff: null, giveup: null, abort: null })).not.toThrow()
    expect(() => log(console)).not.toThrow()
  })
})
