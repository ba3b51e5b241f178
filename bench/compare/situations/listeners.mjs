import { getEventListeners } from 'node:events'
import { outcome, serve } from '../server.mjs'

export const title = '10,000 calls with one signal: listeners left on it'
export const why = 'A signal that lives as long as the process must not grow with each call. Ten at a time; counted at the end, without asking for garbage collection.'

export async function run({ make }) {
  const server = await serve((response) => response.end('ok'))
  const { signal } = new AbortController()
  const request = make({ tries: 3, wait: 20 })
  const listeners = () => getEventListeners(signal, 'abort').length
  let most = 0
  let done = 0
  const worker = async () => {
    while (done < 10_000) {
      done += 1
      await (await request(server.url, { signal })).read()
      if (done % 100 === 0) most = Math.max(most, listeners())
    }
  }
  const { error, hangs } = await outcome(Promise.all(Array.from({ length: 10 }, worker)), 90_000)
  const left = listeners()
  if (error || hangs) return { text: hangs ? `too slow: ${done} calls` : 'an error', detail: String(error) }
  return { text: left === 0 ? 'none' : left.toLocaleString('en'), good: left <= 1, detail: `at most ${most} at a time` }
}
