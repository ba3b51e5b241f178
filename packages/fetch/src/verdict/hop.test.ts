import { afterEach, expect, test, vi } from 'vitest'
import type * as Hop from './hop.ts'

// Other files of the process are to get one that listens.
afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

/** The file as a process has it that has not listened yet. */
const anew = async (): Promise<typeof Hop> => {
  vi.resetModules()
  return import('./hop.ts')
}

test('listens once, and knows the host of a failed connection by its error', async () => {
  const { isElsewhere, listen } = await anew()
  const subscribe = vi.fn()
  vi.stubGlobal('process', { getBuiltinModule: (name: string) => (name === 'node:diagnostics_channel' ? { subscribe } : undefined) })
  listen()
  listen()
  expect(subscribe.mock.calls).toEqual([['undici:client:connectError', expect.any(Function)]])
  const error = new Error('refused')
  const tell = subscribe.mock.calls[0]![1] as (message: object) => void
  tell({ connectParams: { protocol: 'https:', host: 'api.example.com' }, error })
  // What is thrown may be anything, and a subscriber that throws ends a process.
  tell({ connectParams: { protocol: 'https:', host: 'api.example.com' }, error: undefined })
  for (const message of [undefined, {}, { connectParams: null }]) expect(() => tell(message as never)).not.toThrow()
  expect(['https://api.example.com', 'http://api.example.com', 'https://other.example.com', 'https://api.example.com:8443'].map((origin) => isElsewhere(error, origin))).toEqual([false, true, true, true])
  expect(isElsewhere(new Error('of another runtime'), 'https://api.example.com')).toBe(false)
})

test.for([undefined, {}, { getBuiltinModule: () => undefined }])('does nothing where nobody tells: process is %j', async (process) => {
  const { listen } = await anew()
  vi.stubGlobal('process', process)
  expect(listen).not.toThrow()
})
