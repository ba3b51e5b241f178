import { outcome, pause } from '../server.mjs'

export const title = 'an abort while an attempt hangs'
export const why = 'An operation that does not look at its signal must not keep the caller waiting.'
export const timed = true

export async function ask({ make, takesSignal }) {
  if (!make) return
  if (!takesSignal) return { text: 'takes no signal', good: false }
  const controller = new AbortController()
  const reason = new Error('left the page')
  const call = make({ tries: 3, wait: 10, signal: controller.signal })(() => new Promise(() => {}))
  Promise.resolve(call).catch(() => {})
  await pause(200)
  controller.abort(reason)
  const { error, hangs } = await outcome(call, 2_000)
  if (hangs) return { text: 'hangs', good: false }
  return error === reason ? { text: 'ends, with my reason', good: true } : { text: `ends, ${error?.name}`, detail: String(error) }
}
