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
      'error: fetchUser: gave up after 3 attempts (tries): TypeError: no network',
    ])
  })

  test('tells an abort, an unwanted value, one attempt, a call without name', async () => {
    const { lines, logger } = recorder()
    const use = [log(logger)]
    await retry((() => () => 0)(), { ...flat, predicate: () => true, maxTries: 1, use })
    await retry(fetchUser, { ...flat, use, onBackoff: () => { throw new Error('own') } }).catch(() => {})
    expect(lines).toEqual([
      'error: anonymous call: gave up after 1 attempt (tries): unwanted value: number',
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
    expect(lines).toEqual(['debug: hard: succeeded after 2 attempts', 'warn: fetchUser: gave up after 3 attempts (tries): TypeError: no network'])
  })

  test('never tells arguments, and survives what cannot be shown', async () => {
    const { lines, logger } = recorder()
    const secret = Object.create(null)
    await retry(() => Promise.reject(secret), { ...flat, name: 'odd', maxTries: 1, use: [log(logger)] }).catch(() => {})
    expect(lines).toEqual(['error: odd: gave up after 1 attempt (tries): object'])
  })

  test('F-29 says why the call gave up', async () => {
    const { lines, logger } = recorder()
    const use = [log(logger, { backoff: null })]
    for (const options of [{ maxTries: 2 }, { wait: [1] }, { giveup: () => true }, { exception: RangeError }, { stop: () => true }, { maxTime: 5, wait: 10 }]) {
      await retry(fetchUser, { ...flat, use, ...options }).catch(() => {})
    }
    expect(lines).toEqual(
      ['2 attempts (tries)', '2 attempts (exhausted)', '1 attempt (giveup)', '1 attempt (fatal)', '1 attempt (stop)', '1 attempt (time)'].map(
        (ends) => `error: fetchUser: gave up after ${ends}: TypeError: no network`,
      ),
    )
  })

  test('F-29 says why the call was cut off, not what came last', async () => {
    const { lines, logger } = recorder()
    for (const reason of [new Error('shutdown'), 'shutdown', { secret: 1 }, undefined]) {
      const controller = new AbortController()
      await retry(fetchUser, { ...flat, signal: controller.signal, sleep: () => controller.abort(reason), use: [log(logger, { backoff: null })] }).catch(() => {})
    }
    expect(lines).toEqual(
      ['Error: shutdown', 'shutdown', 'Object', 'AbortError: This operation was aborted'].map((reason) => `info: fetchUser: cut off after 1 attempt: ${reason}`),
    )
  })

  test.each<[string, unknown, string]>([
    ['a secret', 'hunter2', 'string of 7 characters'],
    ['5 MB', 'x'.repeat(5_000_000), 'string of 5000000 characters'],
    ['line ends', 'a\r\nERROR forged', 'string of 15 characters'],
    ['a number', 42, 'number'],
    ['a bigint', 42n, 'bigint'],
    ['true', true, 'boolean'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('hunter2'), 'symbol'],
    ['a function', () => 'hunter2', 'function'],
    ['a list', ['hunter2', 2], 'array of 2'],
    ['an object', { password: 'hunter2' }, 'Object'],
    ['a Map', new Map([['password', 'hunter2']]), 'Map of 1'],
    ['bytes', new Uint8Array(5), 'Uint8Array of 5 bytes'],
    ['a buffer', new ArrayBuffer(6), 'ArrayBuffer of 6 bytes'],
    ['a Response', new Response('hunter2', { status: 503 }), 'Response with status 503'],
    ['an error that was returned', new Error('hunter2'), 'Error'],
    ['an object without a class', Object.create(null), 'object'],
    ['a string in place of a class', { constructor: { name: 'a\nb' } }, String.raw`a\nb`],
    ['toString', { toString: () => 'hunter2', toJSON: () => 'hunter2' }, 'Object'],
  ])('F-29 tells kind and size of a value, never its content: %s', async (_, value, shown) => {
    const { lines, logger } = recorder()
    await retry(() => value, { ...flat, name: 'poll', predicate: () => true, maxTries: 2, use: [log(logger)] })
    expect(lines).toEqual([
      `info: poll: attempt 1 failed, next in 10 ms: unwanted value: ${shown}`,
      `error: poll: gave up after 2 attempts (tries): unwanted value: ${shown}`,
    ])
  })

  test('F-29 writes one line, of bounded length, whatever the error and the name say', async () => {
    const { lines, logger } = recorder()
    const use = [log(logger, { backoff: null })]
    const fails = (error: unknown) => retry(() => Promise.reject(error), { ...flat, name: 'a\r\nb', maxTries: 1, use }).catch(() => {})
    await fails(new Error('x\r\ny\u0000\u001b[31m\u2028\u202e\u0085z'))
    await fails('thrown\nstring')
    await fails(Object.assign(new Error('m'), { name: 'E\nF' }))
    await fails(new Error('x'.repeat(5_000_000)))
    await retry(fetchUser, { ...flat, name: 'n'.repeat(5_000_000), maxTries: 1, use }).catch(() => {})
    const escaped = String.raw`x\r\ny\u0000\u001b[31m\u2028\u202e\u0085z`
    expect(lines.slice(0, 3)).toEqual(
      [`Error: ${escaped}`, String.raw`thrown\nstring`, String.raw`E\nF: m`].map((text) => String.raw`error: a\r\nb: gave up after 1 attempt (tries): ` + text),
    )
    expect(lines.slice(3).every((line) => line.length < 500 && line.includes('…'))).toBe(true)
  })

  test('F-24 survives what throws when it is read, and the call ends with it', async () => {
    const boom = (): never => { throw new Error('boom') }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const { lines, logger } = recorder()
    vi.stubGlobal('reportError', vi.fn())
    for (const hostile of [proxy, { get message() { return boom() } }, { get constructor() { return boom() } }, { message: 'm', get name() { return boom() } }]) {
      const options = { ...flat, name: 'odd', maxTries: 1, use: [log(logger)] }
      expect(await retry(() => Promise.reject(hostile), options).catch((error: unknown) => error === hostile)).toBe(true)
      if (hostile !== proxy) expect(await retry(() => hostile, { ...options, predicate: () => true })).toBe(hostile)
    }
    expect(lines.map((line) => line.replace('error: odd: gave up after 1 attempt (tries): ', ''))).toEqual([
      'object', 'Object', 'unwanted value: Object', 'object', 'unwanted value: object', 'Object', 'unwanted value: Object',
    ])
    expect(reportError).not.toHaveBeenCalled()
    vi.unstubAllGlobals()
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
