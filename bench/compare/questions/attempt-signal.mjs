import { outcome, pause } from '../server.mjs'

export const title = 'the operation gets a signal, which the abort reaches'
export const why = 'So that a request under way is cut off too.'

export async function ask({ make, takesSignal, signalOf }) {
  if (!make) return
  if (!takesSignal || !signalOf) return { text: 'no', good: false }
  const controller = new AbortController()
  let seen
  const call = make({ tries: 3, wait: 10, signal: controller.signal })((given) => {
    seen = signalOf(given)
    return new Promise(() => {})
  })
  Promise.resolve(call).catch(() => {})
  await pause(100)
  controller.abort(new Error('left the page'))
  await outcome(call, 500)
  const good = seen instanceof AbortSignal && seen.aborted
  return { text: good ? 'yes' : 'no', good }
}
