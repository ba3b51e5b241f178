import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type * as core from '@backon/core'
import { build, type BuildOptions } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

type Core = typeof core

let folder: string
let bundle: string
/** The same bundle under three identities, as duplicates in a node_modules tree have. */
let copies: { a: Core; b: Core; required: Core }

const load = (url: string): Promise<Core> => import(/* @vite-ignore */ url) as Promise<Core>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'two-copies-'))
  bundle = join(folder, 'core.mjs')
  const options: BuildOptions = { entryPoints: [join(import.meta.dirname, '../packages/core/src/index.ts')], bundle: true, format: 'esm', target: 'es2022', mangleProps: /^_/ }
  await Promise.all([build({ ...options, outfile: bundle }), build({ ...options, minify: true, outfile: join(folder, 'required.mjs') })])
  const url = pathToFileURL(bundle).href
  copies = { a: await load(`${url}?a`), b: await load(`${url}?b`), required: createRequire(import.meta.url)(join(folder, 'required.mjs')) as Core }
})
afterAll(() => rm(folder, { recursive: true }))

const fail = (): never => {
  throw new Error('down')
}

describe('RT-42 two copies of core in one process agree', () => {
  test('they are two, and three', () => {
    const { a, b, required } = copies
    expect(new Set([a.retry, b.retry, required.retry]).size).toBe(3)
    expect(new Set([a.TryAgain, b.TryAgain, required.TryAgain]).size).toBe(3)
  })

  test('a plugin that joined one is told of calls of the others', async () => {
    const { a, b, required } = copies
    const onSuccess = vi.fn()
    const undo = a.use({ onSuccess })
    await b.retry(() => 1)
    required.retrySync(() => 2)
    undo()
    await b.retry(() => 3)
    expect(onSuccess.mock.calls.map(([{ value }]) => value)).toEqual([1, 2])
  })

  test('F-28 what one has turned off another turns on again, and they count together', async () => {
    const { a, b, required } = copies
    const runs = async (): Promise<number> => {
      const operation = vi.fn(fail)
      await a.retry(operation, { wait: 0, maxTries: 2 }).catch(() => {})
      return operation.mock.calls.length
    }
    a.disable()
    required.disable()
    expect(await runs()).toBe(1)
    b.enable()
    expect(await runs()).toBe(1)
    b.enable()
    expect(await runs()).toBe(2)
    b.enable()
    expect(await runs()).toBe(2)
  })

  test('so with overrides, disable and enable', async () => {
    const { a, b, required } = copies
    const operation = vi.fn(fail)
    const options = { sleep: () => {} }
    const undo = a.override({ maxTries: 5, random: () => 0.25 })
    await b.retry(operation, options).catch(() => {})
    expect(operation).toHaveBeenCalledTimes(5)
    expect(required.random()).toBe(0.25)
    undo()
    required.disable()
    await a.retry(operation, options).catch(() => {})
    expect(operation).toHaveBeenCalledTimes(6)
    required.enable()
    await a.retry(operation, options).catch(() => {})
    expect(operation).toHaveBeenCalledTimes(9)
  })

  test('a policy made before sees what the other copy changed since', async () => {
    const { a, b } = copies
    const retrying = new a.Retrying({ sleep: () => {} })
    const operation = vi.fn(fail)
    using _ = b.override({ maxTries: 1 })
    await retrying.call(operation).catch(() => {})
    expect(operation).toHaveBeenCalledTimes(1)
  })

  test('errors, strategies, policies and plugins of one work in the other', async () => {
    const { a, b, required } = copies
    const again = vi.fn(() => Promise.reject(new a.TryAgain()))
    await b.retry(again, { exception: [], sleep: () => {} }).catch(() => {})
    expect(again).toHaveBeenCalledTimes(3)
    const never = vi.fn(() => Promise.reject(new a.NonRetryableError()))
    await required.retry(never).catch(() => {})
    expect(never).toHaveBeenCalledTimes(1)
    const slept: number[] = []
    await b.retry(fail, { wait: a.expo({ factor: 10 }), jitter: null, stop: required.stopAfterAttempt(3), sleep: (ms) => void slept.push(ms) }).catch(() => {})
    expect(slept).toEqual([10, 20])
    const inner = new required.Retrying({ maxTries: 2, sleep: () => {} })
    const operation = vi.fn(fail)
    const lines: string[] = []
    await a.retry(operation, { wait: 0, name: 'mixed', use: [b.log({ error: (line) => lines.push(line), info: () => {} }), inner] }).catch(() => {})
    expect(operation).toHaveBeenCalledTimes(6)
    expect(lines).toEqual(['mixed: gave up after 3 attempts (tries): Error: down'])
    const error = await b.retry(() => new Promise(() => {}), { maxTries: 1, use: [a.timeout(1)] }).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(a.TimeoutError)
    let signal!: AbortSignal
    await b.retry((attempt) => {
      const child = a.fork(attempt)
      signal = child.signal
      attempt.abort('through')
    })
    expect(signal.reason).toBe('through')
  })
})

describe('RT-42 loading core has no side effects', () => {
  const run = async (script: string): Promise<string> => (await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env: { PATH: process.env['PATH'] } })).stdout.trim()

  test('by import: no global, no timer, and the process exits by itself', async () => {
    expect(await run(`
      const before = Reflect.ownKeys(globalThis)
      const core = await import(${JSON.stringify(pathToFileURL(bundle).href)})
      const added = Reflect.ownKeys(globalThis).filter((key) => !before.includes(key))
      console.log(JSON.stringify([added.map(String), process.getActiveResourcesInfo().filter((name) => name === 'Timeout'), await core.retry(() => 'works')]))
    `)).toBe('[[],[],"works"]')
  })

  test('by require()', async () => {
    expect(await run(`
      import { createRequire } from 'node:module'
      const { retry, retrySync } = createRequire(${JSON.stringify(pathToFileURL(bundle).href)})(${JSON.stringify(bundle)})
      console.log(retrySync(() => 'sync'), await retry(async () => 'async', { maxTime: 60_000 }))
    `)).toBe('sync async')
  })
})
